import { join } from "@std/path";
import type { S3Server } from "./ceph.ts";
import { freePorts } from "./ports.ts";
import { programsIn } from "./programs_in.ts";
import { until } from "./until.ts";

/** The programs of Debian's packages memcached, swift, swift-account, swift-container, swift-object and swift-proxy. */
const PROGRAMS = [
  "memcached",
  "swift-ring-builder",
  "swift-account-server",
  "swift-container-server",
  "swift-object-server",
  "swift-proxy-server",
];

/** The first program that is missing; `undefined` when Swift can be started. */
export const missingForSwift = PROGRAMS.find((program) => !isFile(`/usr/bin/${program}`));

/** The parts of Swift beside its proxy, each of which has one device. */
const STORES = ["account", "container", "object"] as const;

/** The filters of the proxy, in their order. */
const FILTERS: Readonly<Record<string, string>> = {
  "catch_errors": "",
  gatekeeper: "",
  // Without it the S3 API answers HEAD with a body.
  "proxy-logging": "",
  cache: "",
  "listing_formats": "",
  bulk: "",
  s3api: "location = us-east-1\ns3_acl = false\ndns_compliant_bucket_names = true",
  tempauth: "user_test_tester = testing .admin",
  slo: "",
  dlo: "",
  symlink: "",
  "versioned_writes": "allow_object_versioning = true",
};

/**
 * Starts OpenStack Swift with its S3 API on loopback, with one device in a temporary folder; that takes some seconds. It
 * has no conditional writes. It ends when it is disposed of, and nothing stays.
 */
export async function startSwift(): Promise<S3Server> {
  const folder = await Deno.makeTempDir({ prefix: "pawl-swift-" });
  const programs = programsIn(folder);
  const etc = join(folder, "etc");

  async function run(program: string, ...args: string[]): Promise<void> {
    const output = await new Deno.Command(program, { args, cwd: etc, stdout: "piped", stderr: "piped" }).output();
    // The ring builder tells by 1 that there is something to be warned of: there is one device.
    if (output.code > 1) throw new Error(`${program} has failed: ${new TextDecoder().decode(output.stderr)}`);
  }

  function start(program: string, ...args: string[]): void {
    const command = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" });
    programs.start(command);
  }

  try {
    for (const name of ["etc", "node/sdb1", "recon"]) await Deno.mkdir(join(folder, name), { recursive: true });
    const [proxy, cache, ...ports] = freePorts(2 + STORES.length) as [number, number, ...number[]];
    const write = (name: string, text: string) => Deno.writeTextFile(join(etc, name), text);
    await write("swift.conf", "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n");
    const common = `swift_dir = ${etc}\nbind_ip = 127.0.0.1\nworkers = 0\nuser = ${await userName()}\n` +
      `log_level = WARNING\nlog_address = ${folder}/no-log\n`;
    for (const [index, name] of STORES.entries()) {
      const port = ports[index]!;
      await run("swift-ring-builder", `${name}.builder`, "create", "6", "1", "0");
      await run("swift-ring-builder", `${name}.builder`, "add", `r1z1-127.0.0.1:${port}/sdb1`, "1");
      await run("swift-ring-builder", `${name}.builder`, "rebalance");
      await write(
        `${name}-server.conf`,
        `[DEFAULT]\n${common}bind_port = ${port}\ndevices = ${folder}/node\nmount_check = false\n` +
          `recon_cache_path = ${folder}/recon\n[pipeline:main]\npipeline = ${name}-server\n` +
          `[app:${name}-server]\nuse = egg:swift#${name}\n`,
      );
      start(`swift-${name}-server`, join(etc, `${name}-server.conf`));
    }
    start("memcached", "-l", "127.0.0.1", "-p", String(cache), "-m", "16", "-u", await userName());
    await write("proxy-server.conf", proxyConfig({ common, proxy, cache }));
    start("swift-proxy-server", join(etc, "proxy-server.conf"));
    const url = `http://127.0.0.1:${proxy}`;
    const answers = () => fetch(url).then((response) => response.body?.cancel().then(() => true), () => false);
    await until(async () => await answers() === true, "Swift's S3 API answers");
    let buckets = 0;
    return {
      address: () => `http://test%3Atester:testing@127.0.0.1:${proxy}/bucket-${++buckets}?conditional=no`,
      [Symbol.asyncDispose]: programs.stop,
    };
  } catch (error) {
    await programs.stop();
    throw error;
  }
}

function proxyConfig({ common, proxy, cache }: { common: string; proxy: number; cache: number }): string {
  const names: Readonly<Record<string, string>> = { cache: "memcache", "proxy-logging": "proxy_logging" };
  const filters = Object.entries(FILTERS).map(([name, settings]) =>
    `[filter:${name}]\nuse = egg:swift#${names[name] ?? name}\n${settings}\n` +
    (name === "cache" ? `memcache_servers = 127.0.0.1:${cache}\n` : "")
  );
  return `[DEFAULT]\n${common}bind_port = ${proxy}\n[pipeline:main]\n` +
    `pipeline = ${Object.keys(FILTERS).join(" ")} proxy-server\n[app:proxy-server]\nuse = egg:swift#proxy\n` +
    `allow_account_management = true\naccount_autocreate = true\n${filters.join("")}`;
}

/** The name of the user that this process runs as. */
async function userName(): Promise<string> {
  const { stdout } = await new Deno.Command("id", { args: ["-un"], stdout: "piped" }).output();
  return new TextDecoder().decode(stdout).trim();
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
