import { delay } from "@std/async/delay";
import postgres from "postgres";
import { defined } from "../../defined.ts";
import { createDialer } from "./dialer.ts";
import { Unanswered } from "./unanswered.ts";

/** Connections of one kind. */
export interface Pool {
  readonly sql: postgres.Sql;
  /** Runs one statement and gives its rows. It is prepared. */
  run<Row extends object>(text: string, values: readonly (string | number | boolean | null)[]): Promise<Row[]>;
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
  /** Is called when a connection is closed. It is not closed for its age then. */
  readonly onclose?: () => void;
  /** Is called when a statement may have been lost, and would be taken for done. The pool must be ended at once. */
  readonly onunsure?: () => void;
  /** Is called with each message on a channel that is listened to. */
  readonly onnotify?: (channel: string, message: string) => void;
}

/**
 * Makes pools of connections to the database at `url` (`postgres://…`), whose servers get to know the program as `name`.
 * A connection must be made within `deadlineMs`. Making one throws for an address that is none.
 */
export function createPools(url: string, deadlineMs: number, name: string): (options: PoolOptions) => Pool {
  const { address, host } = forLibrary(url);
  const dialer = hasSeveralServers(address, host) ? createDialer({ patienceMs: deadlineMs / 4 }) : undefined;
  return ({ max, statementMs, onclose, onunsure, onnotify }) => {
    const ended = new AbortController();
    const unanswered = new Unanswered();
    const closed = () => {
      onclose?.();
      if (dialer !== undefined && unanswered.isUnsure()) onunsure?.();
    };
    // The library's own way from one server to the next one makes no pauses, and cannot be stopped.
    const socket = dialer &&
      ((options: postgres.ParsedOptions) =>
        dialer.dial(options.host.map((host, i) => ({ host, port: options.port[i]! })), ended.signal));
    const sql = postgres(address, {
      ...defined({ host, socket, onnotify }),
      onclose: closed,
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
    refuseUnread(sql.options, dialer !== undefined);
    return {
      sql,
      async run<Row extends object>(text: string, values: readonly (string | number | boolean | null)[]) {
        const query = sql.unsafe<Row[]>(text, [...values], { prepare: true });
        unanswered.watch(query);
        return [...await query];
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

/** Throws for what the library has read wrongly, and would look for without an end. */
function refuseUnread({ host, port, path }: postgres.ParsedOptions, isDialed: boolean): void {
  // With several servers it reads a port that is none as NaN.
  if (!port.every((each) => each > 0 && each < 65536)) throw new RangeError("No port");
  if (host.length > 1 !== isDialed) throw new RangeError("Several servers that are not seen as such");
  // It cuts the address of IPv6 at its colons, and a secret at its first @.
  const isName = (each: string) => (!isDialed && path) || /^[^\s@[\]/]+$/.test(each);
  if (!host.every(isName)) throw new RangeError("No name of a server");
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

/** True when an address, or the option beside it, names more than one server. */
function hasSeveralServers(address: string, host = address.split("/")[2] ?? ""): boolean {
  return host.slice(host.lastIndexOf("@") + 1).includes(",");
}
