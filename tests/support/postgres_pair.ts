import { join } from "@std/path";
import { createConnection } from "../../server/storage/postgres/connection.ts";
import { freePorts } from "./ports.ts";
import { commandAs, ordinaryUser, POSTGRES, runAs } from "./postgres.ts";
import { PATIENCE_MS, until } from "./until.ts";

/**
 * A PostgreSQL server and its synchronous standby, on two ports of 127.0.0.1. What was committed is on both, so that a
 * commit survives the end of either.
 */
export interface PostgresPair extends AsyncDisposable {
  /** The ports of both servers. */
  readonly ports: readonly [number, number];
  /** Kills the primary as a crash does, and starts it again. */
  crash(): Promise<void>;
  /** Kills the primary, makes the standby the primary, and the other one a new standby, which takes a second or two. */
  failOver(): Promise<void>;
  /**
   * As {@linkcode failOver}, but the primary hangs like a machine that is frozen: its connections stay open, and new ones
   * are accepted, but nothing is answered. It is killed when `meanwhile` is done.
   */
  freezeOver(meanwhile: () => Promise<unknown>): Promise<void>;
}

interface Node {
  readonly port: number;
  readonly data: string;
  child?: Deno.ChildProcess;
}

/** Starts both. They end when the pair is disposed of. */
export async function startPostgresPair(): Promise<PostgresPair> {
  if (POSTGRES === undefined) throw new Error("PostgreSQL is missing: apt-get install postgresql");
  const programs = POSTGRES;
  const folder = await Deno.makeTempDir({ prefix: "pawl-pg-" });
  const user = ordinaryUser();
  if (user !== undefined) await Deno.chown(folder, user.uid, user.gid);
  const ports = freePorts(2) as [number, number];
  let [primary, standby] = ports.map((port): Node => ({ port, data: join(folder, String(port)) })) as [Node, Node];

  function start(node: Node): void {
    const settings = [
      "listen_addresses=127.0.0.1",
      `port=${node.port}`,
      "unix_socket_directories=",
      // What a process has written survives the process. Only a machine that loses power needs more.
      "fsync=off",
      "max_connections=200",
      "wal_retrieve_retry_interval=100ms",
    ];
    node.child = commandAs(user, join(programs, "postgres"), [
      "-D",
      node.data,
      ...settings.flatMap((each) => ["-c", each]),
    ]).spawn();
  }

  async function kill({ child }: Node): Promise<void> {
    // "Immediate shutdown": no process says goodbye, and the next start recovers as after a crash.
    child?.kill("SIGQUIT");
    await child?.status;
  }

  /** Stops every process of a server, and kills them when the scope ends. */
  async function freeze(node: Node): Promise<AsyncDisposable> {
    const { pid, status } = node.child!;
    // It starts no more processes from here on.
    Deno.kill(pid, "SIGSTOP");
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    const pids = [...children.split(" ").filter((id) => id !== "").map(Number), pid];
    for (const each of pids) Deno.kill(each, "SIGSTOP");
    return {
      async [Symbol.asyncDispose]() {
        for (const each of pids) Deno.kill(each, "SIGKILL");
        await status;
      },
    };
  }

  async function promote(): Promise<void> {
    [primary, standby] = [standby, primary];
    await ask(primary, "SELECT pg_promote(true, 60)");
  }

  async function ask<Row extends object>(node: Node, text: string): Promise<Row[]> {
    const connection = createConnection(`postgres://pawl@127.0.0.1:${node.port}/postgres`, {
      max: 1,
      deadlineMs: PATIENCE_MS,
    });
    try {
      return await connection.query<Row>(text);
    } finally {
      await connection.close();
    }
  }

  async function untilAnswers(node: Node): Promise<void> {
    await until(() => ask(node, "SELECT 1").then(() => true, () => false), "PostgreSQL answers");
  }

  /** Makes the standby anew from the primary. Until it is there, the primary waits for nobody. */
  async function follow(): Promise<void> {
    await wishStandby("");
    await Deno.remove(standby.data, { recursive: true }).catch(() => {});
    const from = ["-h", "127.0.0.1", "-p", String(primary.port), "-U", "pawl"];
    await runAs(user, join(programs, "pg_basebackup"), [
      ...from,
      "-D",
      standby.data,
      "-R",
      "-X",
      "stream",
      "-c",
      "fast",
      "--no-sync",
    ]);
    start(standby);
    await wishStandby("*");
    await until(async () => {
      const rows = await ask<{ state: string }>(primary, "SELECT sync_state AS state FROM pg_stat_replication");
      return rows.some(({ state }) => state === "sync");
    }, "the standby is synchronous");
  }

  async function wishStandby(names: string): Promise<void> {
    await ask(primary, `ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
    await ask(primary, "SELECT pg_reload_conf()");
  }

  const initdb = ["-D", primary.data, "-U", "pawl", "--auth=trust", "-E", "UTF8", "--no-sync"];
  await runAs(user, join(programs, "initdb"), initdb);
  start(primary);
  await untilAnswers(primary);
  await follow();
  return {
    ports,
    async crash() {
      await kill(primary);
      start(primary);
      await untilAnswers(primary);
    },
    async failOver() {
      await kill(primary);
      await promote();
      await follow();
    },
    async freezeOver(meanwhile) {
      {
        await using _frozen = await freeze(primary);
        await promote();
        await meanwhile();
      }
      await follow();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([primary, standby].map((node) => kill(node).catch(() => {})));
      await Deno.remove(folder, { recursive: true });
    },
  };
}
