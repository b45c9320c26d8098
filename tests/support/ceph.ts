import { join } from "@std/path";
import { freePorts } from "./ports.ts";
import { programsIn } from "./programs_in.ts";
import { until } from "./until.ts";

/** The programs of Debian's packages ceph-mon, ceph-osd, radosgw and ceph-common. */
const PROGRAMS = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool", "monmaptool"];

/** The first program that is missing; `undefined` when Ceph can be started. */
const missing = PROGRAMS.find((program) => !isFile(`/usr/bin/${program}`));

/** An S3 server for tests. */
export interface S3Server extends AsyncDisposable {
  /** The address of a new, empty bucket, which is not made yet. */
  address(): string;
}

/** Ceph's S3 server with one monitor and one store in memory, on loopback. */
export interface Ceph extends S3Server {
  /** How many requests the S3 server has had. */
  requests(): Promise<number>;
  /** How many bytes it keeps, by a count that is some seconds old. */
  usedBytes(): Promise<number>;
}

/**
 * A test that needs Ceph. Without it the test is ignored and its name says so. What the tests of a file share is no leak
 * of one of them.
 */
export function cephTest(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: missing === undefined || running !== undefined
      ? name
      : `${name} (needs ${missing}: apt-get install ceph-mon ceph-osd radosgw ceph-common)`,
    ignore: isCephIgnored,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: run,
  });
}

/** The address of an S3 server that runs already, without a bucket (`with_s3.ts`): the tests of many files share it. */
const running = Deno.env.get("PAWL_TEST_S3");

/** True when the tests that need Ceph are left out. */
export const isCephIgnored = missing !== undefined && running === undefined &&
  Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1";

/** How much the store in memory takes, in bytes. A full one hangs. */
const MEMORY = 4 * 1024 ** 3;

/** A server that runs already, and goes on when this is disposed of. */
function sharedServer(url: string): S3Server {
  return {
    address() {
      const address = new URL(url);
      address.pathname = `/bucket-${crypto.getRandomValues(new BigUint64Array(1))[0]}`;
      return address.href;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Starts Ceph as {@linkcode startOwnCeph} does. Where the tests share an S3 server, that one is given. */
export async function startCeph(): Promise<S3Server> {
  return running === undefined ? await startOwnCeph() : sharedServer(running);
}

/** Starts Ceph; that takes about 15 seconds. It ends when it is disposed of, and nothing stays. */
export async function startOwnCeph(): Promise<Ceph> {
  const folder = await Deno.makeTempDir({ prefix: "pawl-ceph-" });
  const programs = programsIn(folder);
  const config = join(folder, "ceph.conf");
  const env = { CEPH_CONF: config };

  async function run(program: string, ...args: string[]): Promise<string> {
    const output = await new Deno.Command(program, { args, env, stdin: "null", stdout: "piped", stderr: "piped" })
      .output();
    const text = new TextDecoder();
    if (!output.success) throw new Error(`${program} ${args.join(" ")} has failed: ${text.decode(output.stderr)}`);
    return text.decode(output.stdout);
  }

  function start(program: string, ...args: string[]): void {
    const command = new Deno.Command(program, {
      args: [...args, "-f"],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    programs.start(command);
  }

  try {
    for (const name of ["mon", "osd0", "rgw", "log", "run"]) await Deno.mkdir(join(folder, name));
    const [s3, monitor, oldMonitor] = freePorts(3) as [number, number, number];
    const [cluster, osd] = [crypto.randomUUID(), crypto.randomUUID()];
    const monitors = `v2:127.0.0.1:${monitor}/0,v1:127.0.0.1:${oldMonitor}/0`;
    await Deno.writeTextFile(config, configOf({ folder, cluster, monitors, s3 }));
    const keyring = join(folder, "keyring");
    const key = (name: string, ...caps: string[]) =>
      run("ceph-authtool", keyring, "--gen-key", "-n", name, ...caps.flatMap((cap) => ["--cap", ...cap.split("=")]));
    await run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *");
    await key("client.admin", "mon=allow *", "osd=allow *", "mds=allow *", "mgr=allow *");
    await key("osd.0", "mon=allow profile osd", "osd=allow *", "mgr=allow profile osd");
    await key("client.rgw.a", "mon=allow rw", "osd=allow rwx", "mgr=allow rw");
    const map = join(folder, "monmap");
    await run("monmaptool", "--create", "--addv", "a", `[${monitors}]`, "--fsid", cluster, map);
    await run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
    start("ceph-mon", "-i", "a");
    await run("ceph", "osd", "new", osd);
    await run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
    start("ceph-osd", "-i", "0");
    await until(async () => (await run("ceph", "osd", "stat")).includes("1 up"), "Ceph's store is up");
    const user = ["--uid", "test", "--display-name", "test", "--access-key", "testkey", "--secret-key", "testsecret"];
    await run("radosgw-admin", "user", "create", ...user);
    start("radosgw", "-n", "client.rgw.a");
    const url = `http://127.0.0.1:${s3}`;
    const answers = () => fetch(url).then((response) => response.body?.cancel().then(() => true), () => false);
    await until(async () => await answers() === true, "Ceph's S3 server answers");
    let buckets = 0;
    return {
      async requests() {
        const text = await run("ceph", "daemon", join(folder, "run", "client.rgw.a.asok"), "perf", "dump", "rgw");
        return JSON.parse(text).rgw.req;
      },
      usedBytes: async () => JSON.parse(await run("ceph", "df", "--format", "json")).stats.total_used_raw_bytes,
      address: () => `http://testkey:testsecret@127.0.0.1:${s3}/bucket-${++buckets}`,
      [Symbol.asyncDispose]: programs.stop,
    };
  } catch (error) {
    await programs.stop();
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function configOf(
  { folder, cluster, monitors, s3 }: { folder: string; cluster: string; monitors: string; s3: number },
): string {
  return `
[global]
fsid = ${cluster}
mon_host = [${monitors}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 1
mon_data_avail_crit = 1
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = ${MEMORY}
admin_socket = ${folder}/run/$name.asok
log_file = ${folder}/log/$name.log
pid_file = ${folder}/run/$name.pid
keyring = ${folder}/keyring
mon_data = ${folder}/mon
osd_data = ${folder}/osd0
rgw_data = ${folder}/rgw
crash_dir = ${folder}/log
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:${s3}
rgw_thread_pool_size = 64
# A completion of a multipart upload that breaks off keeps others out for so many seconds; 600 unless told.
rgw_mp_lock_max_time = 15
# What is deleted is gone in seconds, because memory is short.
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 5
rgw_gc_processor_max_time = 5
`;
}
