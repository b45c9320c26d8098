import { join } from "@std/path";
import { type Connection, type ConnectionOptions, createConnection } from "../../server/storage/postgres/connection.ts";
import { migrate } from "../../server/storage/postgres/migrate.ts";
import { PATIENCE_MS, until } from "./until.ts";

/** A PostgreSQL server of the test's own, on a Unix socket in a temporary folder. */
export interface PostgresServer extends AsyncDisposable {
  /** The address of a new, empty schema. */
  schema(): Promise<string>;
  /** Sends the server's first process a signal. */
  signal(name: Deno.Signal): void;
  /** Kills it as a crash does, with all its processes, and waits for its end. */
  crash(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
}

/** The programs of the newest PostgreSQL of Debian's package; `undefined` without one. */
export const POSTGRES = programs();

function programs(): string | undefined {
  try {
    const versions = [...Deno.readDirSync("/usr/lib/postgresql")].map(({ name }) => Number(name)).sort((a, b) => b - a);
    return versions.length === 0 ? undefined : `/usr/lib/postgresql/${versions[0]}/bin`;
  } catch {
    return undefined;
  }
}

/**
 * A test that needs PostgreSQL. Without it the test is ignored and its name says so. What the tests of a file share is no
 * leak of one of them.
 */
export function postgresTest(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: POSTGRES === undefined ? `${name} (needs PostgreSQL: apt-get install postgresql)` : name,
    ignore: POSTGRES === undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1",
    sanitizeOps: false,
    sanitizeResources: false,
    fn: run,
  });
}

/** Starts a server. It ends when it is disposed of. Only with `isDurable` a commit waits for the disk. */
export async function startPostgres({ isDurable = false } = {}): Promise<PostgresServer> {
  if (POSTGRES === undefined) throw new Error("PostgreSQL is missing: apt-get install postgresql");
  const folder = await Deno.makeTempDir({ prefix: "pawl-pg-" });
  const user = ordinaryUser();
  if (user !== undefined) await Deno.chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  await runAs(user, join(POSTGRES, "initdb"), ["-D", data, "-U", "pawl", "--auth=trust", "-E", "UTF8", "--no-sync"]);
  const address = `postgres://pawl@localhost/postgres?host=${encodeURIComponent(folder)}`;
  let child = spawn();
  let schemas = 0;

  function spawn(): Deno.ChildProcess {
    const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "max_connections=200"];
    if (!isDurable) settings.push("fsync=off");
    return commandAs(user, join(POSTGRES!, "postgres"), ["-D", data, ...settings.flatMap((each) => ["-c", each])])
      .spawn();
  }

  async function ready(): Promise<void> {
    const connection = createConnection(address, { max: 1 });
    try {
      await until(() => connection.query("SELECT 1").then(() => true, () => false), "PostgreSQL answers");
    } finally {
      await connection.close();
    }
  }

  async function kill(signal: Deno.Signal): Promise<void> {
    child.kill(signal);
    await child.status;
  }

  await ready();
  return {
    async schema() {
      const name = `test_${++schemas}`;
      const connection = createConnection(address, { max: 1, deadlineMs: PATIENCE_MS });
      await connection.query(`CREATE SCHEMA ${name}`);
      await connection.close();
      return `${address}&search_path=${name}`;
    },
    signal: (name) => child.kill(name),
    // "Immediate shutdown": no process says goodbye, and the next start recovers as after a crash.
    crash: () => kill("SIGQUIT"),
    async start() {
      child = spawn();
      await ready();
    },
    async [Symbol.asyncDispose]() {
      await kill("SIGQUIT").catch(() => {});
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Opens a migrated schema of its own on a server. */
export async function openSchema(
  server: PostgresServer,
  options: ConnectionOptions = {},
): Promise<Connection & { url: string }> {
  const url = await server.schema();
  const connection = createConnection(url, options);
  await migrate(connection);
  return { ...connection, url };
}

/** The user that a program runs as. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. Its package has made a user for it; `undefined` where this process is not root. */
export function ordinaryUser(): User | undefined {
  if (Deno.uid() !== 0) return undefined;
  const entry = Deno.readTextFileSync("/etc/passwd").split("\n").find((line) => line.startsWith("postgres:"));
  const [, , uid, gid] = entry?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** Makes the command that runs a program of PostgreSQL as this user. */
export function commandAs(user: User | undefined, program: string, args: readonly string[]): Deno.Command {
  const own = user === undefined ? [] : ["--reuid", `${user.uid}`, "--regid", `${user.gid}`, "--clear-groups", "--"];
  return new Deno.Command(user === undefined ? program : "setpriv", {
    args: [...own, ...user === undefined ? [] : [program], ...args],
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
}

/** Runs a program of PostgreSQL to its end. Throws when it fails. */
export async function runAs(user: User | undefined, program: string, args: readonly string[]): Promise<void> {
  const { success } = await commandAs(user, program, args).output();
  if (!success) throw new Error(`${program} has failed`);
}
