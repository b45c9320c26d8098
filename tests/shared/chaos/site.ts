import { IS_SHOWN } from "./account.ts";
import { startCeph } from "../../support/ceph.ts";
import { type PostgresPair, startPostgresPair } from "../../support/postgres_pair.ts";
import { type PawlProcess, startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { startTroubledRelay, type TroubledRelay } from "../../support/troubled_relay.ts";

/** An instance that is killed and started again, with relays of its own to the database's two servers. */
export interface ChaosInstance {
  readonly name: string;
  /** Where it listens; `undefined` while it does not. */
  port(): number | undefined;
  /** This instance's way to the database alone. */
  readonly toDatabase: Pick<TroubledRelay, "meet">;
  signal(name: Deno.Signal): void;
  /** Ends the process by a signal, and starts another one. Gives the exit code. `ended` is called when it has ended. */
  restart(signal: "SIGKILL" | "SIGTERM", ended?: () => void): Promise<number>;
  /** All that its processes have printed. */
  output(): string;
}

/** Three instances, of which the last has a clock that is an hour ahead. */
export interface ChaosSite extends AsyncDisposable {
  readonly instances: readonly ChaosInstance[];
  readonly postgres: PostgresPair;
  /** The way of all instances to the S3 server. A database knows its bucket by the address, so they have one. */
  readonly toBucket: Pick<TroubledRelay, "meet">;
}

const HOUR_MS = 60 * 60 * 1000;

/** Starts everything. Use with `await using`. */
export async function openChaosSite(): Promise<ChaosSite> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const ceph = open.use(await startCeph());
  const postgres = open.use(await startPostgresPair());
  const bucket = new URL(ceph.address());
  const toBucket = open.use(await startTroubledRelay(Number(bucket.port)));
  bucket.port = String(toBucket.port);

  async function startInstance(name: string, aheadMs: number): Promise<ChaosInstance> {
    const databases = await Promise.all(postgres.ports.map(startTroubledRelay));
    for (const relay of databases) open.use(relay);
    const hosts = databases.map(({ port }) => `127.0.0.1:${port}`).join();
    const env = {
      PAWL_DATABASE: `postgres://pawl@${hosts}/postgres?target_session_attrs=read-write`,
      PAWL_BUCKET: bucket.href,
      PAWL_TEST_AHEAD_MS: String(aheadMs),
      PAWL_LOG_LEVEL: IS_SHOWN ? "info" : "warning",
    };
    const script = aheadMs === 0 ? {} : { script: "tests/support/shifted_server.ts" };
    const start = () => startPawl(`${path}/${name}`, { env, args: ["--open"], ...script });
    let printed = "";
    // As a supervisor does: an instance ends whose database goes away while it starts.
    const startAgain = async (): Promise<PawlProcess> => {
      for (let attempt = 1;; attempt++) {
        try {
          return await start();
        } catch (error) {
          if (attempt === 20) throw error;
          printed += `${error}\n`;
        }
      }
    };
    let process: PawlProcess | undefined = await start();
    let last: PawlProcess | undefined;
    open.defer(async () => await process?.[Symbol.asyncDispose]());
    return {
      name,
      port: () => process?.port,
      toDatabase: { meet: (trouble) => databases.forEach((relay) => relay.meet(trouble)) },
      signal: (signal) => (process ?? last)?.signal(signal),
      async restart(signal, ended = () => {}) {
        const ending = process!;
        process = undefined;
        last = ending;
        const code = await ending.stop(signal);
        ended();
        printed += ending.output();
        process = await startAgain();
        return code;
      },
      output: () => printed + (process?.output() ?? ""),
    };
  }

  // The first one makes the tables and the bucket.
  const instances = [await startInstance("one", 0)];
  instances.push(await startInstance("two", 0), await startInstance("three", HOUR_MS));
  const kept = open.move();
  return { instances, postgres, toBucket, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
