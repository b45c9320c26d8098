import { delay } from "@std/async/delay";
import postgres from "postgres";
import { defined } from "../../defined.ts";
import { createDialer, type DatabaseServer } from "./dialer.ts";

/** A value of a statement. Every other type goes as text, which the statement casts. */
export type Value = string | number | boolean | null;

/** Work that was given to a pool. */
export interface Work<T> {
  /** The result. */
  readonly done: Promise<T>;
  /** False as long as surely nothing of it was sent to a server. */
  wasSent(): boolean;
}

/** Connections of one kind. */
export interface Pool {
  /** True when another trial may meet another server. */
  readonly hasSeveralServers: boolean;
  /** Runs one statement and gives its rows. It is prepared. */
  query<Row extends object>(text: string, values: readonly Value[]): Work<Row[]>;
  /** Runs statements in one transaction. */
  transact(statements: string): Work<void>;
  /**
   * Closes them, and opens no more from now on. What runs may end within `patienceMs` (0 by default), and is given up then.
   * Resolves when none is open or being opened.
   */
  end(patienceMs?: number): Promise<void>;
}

export interface PoolOptions {
  /** The most connections. */
  readonly max: number;
  /** How long PostgreSQL lets a statement run, in milliseconds; 0 for ever. */
  readonly statementMs: number;
  /** Is called when a connection is closed, also one to a standby. It is not closed for its age then. */
  readonly onclose?: () => void;
  /** Is called with each message on a channel that is listened to. */
  readonly onnotify?: (channel: string, message: string) => void;
}

/**
 * Makes pools of connections to the database at `url` (`postgres://…`), whose servers get to know the program as `name`.
 * A connection must be made within `deadlineMs`. Throws for an address that is none.
 */
export function createPools(url: string, deadlineMs: number, name: string): (options: PoolOptions) => Pool {
  const { address, host } = forLibrary(url);
  const servers = serversOf(address, host);
  const dialer = servers.length > 1 ? createDialer({ patienceMs: deadlineMs / 4 }) : undefined;
  return ({ max, statementMs, onclose, onnotify }) => {
    const ended = new AbortController();
    // The library's own way from one server to the next one makes no pauses, and cannot be stopped. Where it knows of more
    // than one, it tells nobody when a connection is lost in its first statement, and takes the next welcome for the answer.
    const dialed = dialer && { ...servers[0], socket: () => dialer.dial(servers, ended.signal) };
    const sql = postgres(address, {
      ...defined({ host, onclose, onnotify }),
      ...dialed,
      ...onclose === undefined ? {} : { max_lifetime: null },
      max,
      connect_timeout: deadlineMs / 1000,
      // Each connection that was cut would make the pause of all others three times longer, up to 20 seconds.
      backoff: false,
      fetch_types: false,
      onnotice: () => {},
      // A statement that nobody waits for any more must not be run much later.
      connection: { application_name: name, statement_timeout: statementMs },
    });
    return {
      hasSeveralServers: dialer !== undefined,
      query<Row extends object>(text: string, values: readonly Value[]) {
        const query = sql.unsafe<Row[]>(text, [...values], { prepare: true });
        const done = query.execute().then((rows) => [...rows]);
        // The library notes here which connection a statement was given to.
        return { done, wasSent: () => "state" in query && query.state !== null };
      },
      transact(statements) {
        let wasSent = false;
        const done = sql.begin(async (transaction) => {
          wasSent = true;
          await transaction.unsafe(statements);
        });
        return { done, wasSent: () => wasSent };
      },
      async end(patienceMs = 0) {
        const closed = sql.end({ timeout: patienceMs / 1000 }).catch(() => {});
        ended.abort(Object.assign(new Error("These connections are closed"), { code: "CONNECTION_DESTROYED" }));
        await closed;
        // A connection that was about to be tried anew is stopped when it asks for its socket.
        await delay(1);
      },
    };
  };
}

/** Gives the servers of an address. Throws for what the library reads wrongly, and would look for without an end. */
function serversOf(address: string, host: string | undefined): DatabaseServer[] {
  const { options } = postgres(address, defined({ host }));
  const servers = options.host.map((each, i) => ({ host: each, port: options.port[i]! }));
  // It reads a port that is none as NaN, cuts the address of IPv6 at its colons, and a secret at its first @.
  const isServer = ({ host, port }: DatabaseServer) =>
    port > 0 && port < 65536 && (servers.length === 1 && options.path || /^[^\s@[\]/]+$/.test(host));
  if (!servers.every(isServer)) throw new RangeError("No server");
  return servers;
}

/**
 * Takes out of an address what is given by options: the folder of a Unix socket, and the program's name. The library takes
 * a standby of PostgreSQL 14 and later for one that can be written to, so it is told to look for the primary.
 */
function forLibrary(url: string): { address: string; host: string | undefined } {
  if (!url.includes("?")) return { address: url, host: undefined };
  const [before = "", query] = url.split("?");
  const params = new URLSearchParams(query);
  const host = params.get("host") ?? undefined;
  params.delete("host");
  if (params.get(SESSIONS) === "read-write") params.set(SESSIONS, "primary");
  params.delete("application_name");
  return { address: params.size === 0 ? before : `${before}?${params}`, host };
}

/** The setting that says which one of several servers is wanted. */
const SESSIONS = "target_session_attrs";
