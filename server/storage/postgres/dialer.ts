import net from "node:net";
import { delay } from "@std/async/delay";

/** One of the servers that the address of a database names. */
export interface DatabaseServer {
  readonly host: string;
  readonly port: number;
}

export interface Dialer {
  /**
   * Gives an open socket to one of the servers. Each call asks the next one in turn, for the last one that was asked may
   * have been a standby. A server that is away or silent is passed over, for as long as it takes. Rejects when `signal`
   * aborts, and leaves no timer behind then. A socket on which its server has said nothing is closed then.
   */
  dial(servers: readonly DatabaseServer[], signal: AbortSignal): Promise<net.Socket>;
}

export interface DialerOptions {
  /** How long one server may take to accept a connection, in milliseconds. */
  readonly patienceMs: number;
  /** Begins a connection. */
  readonly connect?: (server: DatabaseServer) => net.Socket;
}

/** As many connections may be tried at once: all those of an instance that starts, at each of two servers. */
const BURST = 20;
/** The time from one trial to the next one after that. A standby that is about to become the primary has better to do. */
const PAUSE_MS = 10;
/** A silent server is asked this many times less often than the others, because each time costs its connection a wait. */
const SELDOM = 8;

/** Makes the dialer of one database, whose connections look for its primary together. */
export function createDialer({ patienceMs, connect = open }: DialerOptions): Dialer {
  /** How often each of the servers that said nothing the last time has been passed over. */
  const silent = new Map<string, number>();
  let turn = 0;
  let freeAt = 0;

  /** Waits until one trial more is due. */
  async function due(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    freeAt = Math.max(freeAt, now - BURST * PAUSE_MS) + PAUSE_MS;
    if (freeAt > now) await delay(freeAt - now, { signal });
  }

  function next(servers: readonly DatabaseServer[]): DatabaseServer {
    const inTurn = () => servers[turn++ % servers.length]!;
    for (const _ of servers) {
      const server = inTurn();
      const times = silent.get(nameOf(server));
      if (times === undefined) return server;
      // A count for all of them could come to the same one each time.
      silent.set(nameOf(server), (times + 1) % SELDOM);
      if (times + 1 === SELDOM) return server;
    }
    return inTurn();
  }

  /** Remembers whether a server says anything on a socket that it has accepted. One that is frozen does not. */
  function listenTo(socket: net.Socket, server: DatabaseServer, signal: AbortSignal): void {
    const close = () => void socket.destroy();
    const settle = (isSilent: boolean) => {
      if (isSilent) silent.set(nameOf(server), 0);
      else silent.delete(nameOf(server));
      signal.removeEventListener("abort", close);
      socket.off("data", heard).off("close", closed);
    };
    const heard = () => settle(false);
    const closed = () => settle(true);
    socket.on("data", heard).on("close", closed);
    signal.addEventListener("abort", close);
  }

  return {
    async dial(servers, signal) {
      for (;;) {
        await due(signal);
        signal.throwIfAborted();
        const server = next(servers);
        const socket = connect(server);
        const answer = await answerOf(socket, patienceMs, signal);
        if (answer === "accepted" && !signal.aborted) {
          listenTo(socket, server, signal);
          // The library asks the socket for the name that a certificate must have.
          return Object.assign(socket, server);
        }
        socket.destroy();
        signal.throwIfAborted();
        if (answer === "silent") silent.set(nameOf(server), 0);
      }
    },
  };
}

function open({ host, port }: DatabaseServer): net.Socket {
  return net.connect(port, host);
}

function nameOf({ host, port }: DatabaseServer): string {
  return `${host}:${port}`;
}

/** The answer of a server to a new connection. */
type Answer = "accepted" | "refused" | "silent";

/** Waits for the answer to a new connection, `patienceMs` at most. It is no longer wanted when `signal` aborts. */
async function answerOf(socket: net.Socket, patienceMs: number, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const refused = () => resolve("refused");
  const accepted = () => resolve("accepted");
  const timer = setTimeout(() => resolve("silent"), patienceMs);
  signal.addEventListener("abort", refused);
  socket.on("error", refused).on("connect", accepted);
  const answer = await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", refused);
  socket.off("connect", accepted);
  // A socket that is not accepted may fail once more, and nobody else listens to it.
  if (answer === "accepted") socket.off("error", refused);
  return answer;
}
