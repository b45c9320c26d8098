import { join } from "@std/path";
import { createConnection } from "../../server/storage/postgres/connection.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

/** The program of Debian's package pgbouncer. */
export const PGBOUNCER = "/usr/sbin/pgbouncer";

/** PgBouncer in front of a PostgreSQL server of a test. */
export interface PgBouncer extends AsyncDisposable {
  /** The address of the server's database, through the pooler. */
  readonly url: string;
}

/**
 * Starts PgBouncer on loopback in front of the server at `address`, which has a Unix socket. Without `user` it runs as this
 * one: it refuses root.
 */
export async function startPgBouncer(
  address: string,
  { mode, port }: { readonly mode: "session" | "transaction"; readonly port: number },
): Promise<PgBouncer> {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await tempDir());
  const socket = new URL(address).searchParams.get("host");
  const users = join(path, "users");
  await Deno.writeTextFile(users, '"pawl" ""\n');
  const config = join(path, "pgbouncer.ini");
  await Deno.writeTextFile(
    config,
    `[databases]\npostgres = host=${socket} user=pawl\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\n` +
      `unix_socket_dir =\nauth_type = any\nauth_file = ${users}\npool_mode = ${mode}\n` +
      "ignore_startup_parameters = statement_timeout,extra_float_digits,search_path\n",
  );
  await Deno.chmod(path, 0o755);
  const isRoot = Deno.uid() === 0;
  const args = isRoot
    ? ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--", PGBOUNCER, config]
    : [config];
  const child = new Deno.Command(isRoot ? "setpriv" : PGBOUNCER, {
    args,
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  opening.defer(async () => {
    child.kill("SIGKILL");
    await child.status;
  });
  const url = `postgres://pawl@127.0.0.1:${port}/postgres`;
  const isThere = async () => {
    const connection = createConnection(url, { max: 1 });
    try {
      return await connection.query("SELECT 1").then(() => true, () => false);
    } finally {
      await connection.close();
    }
  };
  await until(isThere, "PgBouncer answers");
  const kept = opening.move();
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
