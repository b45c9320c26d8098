import { ConfigError } from "../../config/config_error.ts";
import { createListener } from "./listener.ts";
import { isAway, isBroken, noDatabase } from "./no_database.ts";
import { createPools, type Pool, type Value, type Work } from "./pool.ts";
import { untilSent } from "./until_sent.ts";

/** Statements to one PostgreSQL database, by some connections that are opened when they are needed. */
export interface Connection {
  /**
   * Runs one statement and gives its rows. It is prepared: the text must not depend on the values. Throws `no-database`
   * when the database cannot be reached, or gives no answer before the deadline; the statement may still have been run.
   */
  query<Row extends object>(text: string, values?: readonly Value[]): Promise<Row[]>;
  /**
   * Calls `heard` with each message on a channel. Listens again by itself after the connection was lost: messages that
   * came meanwhile are lost. `listening` is called each time.
   */
  listen(channel: string, heard: (message: string) => void, listening?: () => void): void;
  /** Opens one connection more, on which statements run one after the other. */
  alone(): SingleConnection;
  /**
   * Closes all connections. What runs is given up. Resolves when they are closed, those that were given up before too, whose
   * statements have had their deadline then.
   */
  close(): Promise<void>;
}

/**
 * One connection, on which locks of a session can be held. It ends with the lock when the network is cut. Both functions
 * throw `no-database` when the database cannot be reached. After a missed deadline it is of no use any more.
 */
export interface SingleConnection extends AsyncDisposable {
  /** Aborts when the connection is closed, by whomever. */
  readonly lost: AbortSignal;
  /** As {@linkcode Connection.query} does, with the same deadline. */
  query<Row extends object>(text: string, values?: readonly Value[]): Promise<Row[]>;
  /** Runs statements whose rows nobody wants, in one transaction. They may take as long as they like. */
  run(statements: string): Promise<void>;
}

export interface ConnectionOptions {
  /** How long a statement may take, with the wait for a connection, in milliseconds. */
  readonly deadlineMs?: number;
  /** The most connections beside those of {@linkcode Connection.listen} and {@linkcode Connection.alone}. */
  readonly max?: number;
  /** The name of this program for PostgreSQL (`application_name`); {@linkcode serverNameOf} by default. */
  readonly name?: string;
}

/** The name by which PostgreSQL knows the servers of an address. Those of another schema have another one. */
export function serverNameOf(url: string): string {
  const params = new URLSearchParams(url.split("?")[1] ?? "");
  const schema = params.get("search_path");
  return params.get("application_name") ?? (schema === null ? "pawl" : `pawl ${schema}`.slice(0, 63));
}

/**
 * Makes the connections to the database at `url` (`postgres://…`). Nothing is opened before it is needed. As with
 * PostgreSQL's own library, `?host=/a/folder` names the folder of a Unix socket, and a name that is no setting here is one
 * of the session, such as `search_path`. Throws {@linkcode ConfigError} for an address that is none.
 */
export function createConnection(
  url: string,
  { deadlineMs = 5000, max = 10, name = serverNameOf(url) }: ConnectionOptions = {},
): Connection {
  const open = poolsAt(url, deadlineMs, name);
  let isClosed = false;
  let pool = openMore();
  /** When its connection is mute, the others are not given up. */
  const listener = createListener({ open, abandon, deadlineMs });
  let answeredAt = performance.now();
  /** The ends of connections that are given up, and have not ended yet. */
  const ending = new Set<Promise<unknown>>();

  function openMore(): Pool {
    return open({ max, statementMs: deadlineMs });
  }

  /** Takes new connections for all later statements. Those that run may end within `patienceMs`. */
  function renew(old: Pool, patienceMs: number): void {
    if (old !== pool || isClosed) return;
    pool = openMore();
    abandon(old, patienceMs);
  }

  function abandon(old: Pool, patienceMs = 0): void {
    const ended: Promise<unknown> = old.end(patienceMs).finally(() => ending.delete(ended));
    ending.add(ended);
  }

  /**
   * Gives up a pool that has lost a connection in the middle of a statement. The library takes that error for the answer
   * to its look whether the next server is the primary, and uses a standby, which may not have yet what was acknowledged.
   */
  function giveUp(failed: Pool, error: unknown): void {
    if (isBroken(error)) renew(failed, deadlineMs);
  }

  /** Waits for a statement as long as one may take. `late` is called when it takes longer. */
  async function inTime<T>(work: Promise<T>, late: () => void = () => {}): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late();
      reject(noDatabase(new Error(`No answer within ${deadlineMs} ms`)));
    }, deadlineMs);
    try {
      return await Promise.race([told(work), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async query<Row extends object>(text: string, values: readonly Value[] = []) {
      const own = pool;
      const begunAt = performance.now();
      const work = untilSent((pool) => pool.query<Row>(text, values), {
        poolNow: () => isClosed ? undefined : pool,
        untilMs: begunAt + deadlineMs,
        failed: giveUp,
      });
      const rows = await inTime(work, () => {
        // A pool that answers nothing any more may hang for ever.
        if (answeredAt >= begunAt || own !== pool) return;
        renew(own, 0);
        listener.renew();
      });
      answeredAt = performance.now();
      return rows;
    },

    listen(channel, heard, listening = () => {}) {
      listener.add({ name: channel, heard, listening });
    },

    alone() {
      const lost = new AbortController();
      let isEnded = false;
      let isUsed = false;
      // A connection to a standby is closed before it is used.
      const own = open({ max: 1, statementMs: 0, onclose: () => isUsed && lost.abort() });
      async function use<T>(work: (pool: Pool) => Work<T>, untilMs = Infinity): Promise<T> {
        // Another connection would not have the locks of this one.
        const poolNow = () => isEnded || lost.signal.aborted ? undefined : own;
        const done = await untilSent(work, { poolNow, untilMs: isUsed ? 0 : untilMs });
        isUsed = true;
        return done;
      }
      return {
        lost: lost.signal,
        query: (text, values = []) => inTime(use((pool) => pool.query(text, values), performance.now() + deadlineMs)),
        run: (statements) => told(use((pool) => pool.transact(statements))),
        [Symbol.asyncDispose]() {
          isEnded = true;
          return own.end();
        },
      };
    },

    async close() {
      isClosed = true;
      await Promise.all([pool.end(), listener.end(), ...ending]);
    },
  };
}

function poolsAt(url: string, deadlineMs: number, name: string): ReturnType<typeof createPools> {
  try {
    return createPools(url, deadlineMs, name);
  } catch {
    // The error does not say what is wrong, because the address holds a secret.
    throw new ConfigError(
      "The address of the database cannot be read: write postgres://USER:PASSWORD@HOST[:PORT]/NAME, with % and two " +
        "digits for what is special there",
    );
  }
}

/** Its errors are those of {@linkcode Connection.query}. */
async function told<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isAway(error) ? noDatabase(error) : error;
  }
}
