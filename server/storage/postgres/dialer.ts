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
   * aborts, and leaves no socket and no timer behind then.
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
const PAUSE_MS = 20;

/** Makes the dialer of one database, whose connections look for its primary together. */
export function createDialer({ patienceMs, connect = open }: DialerOptions): Dialer {
  let trials = 0;
  let freeAt = 0;

  /** Waits until one trial more is due. */
  async function due(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    freeAt = Math.max(freeAt, now - BURST * PAUSE_MS) + PAUSE_MS;
    if (freeAt > now) await delay(freeAt - now, { signal });
  }

  return {
    async dial(servers, signal) {
      for (;;) {
        await due(signal);
        signal.throwIfAborted();
        const server = servers[trials++ % servers.length]!;
        const socket = await accepted(connect(server), patienceMs, signal);
        // The library asks the socket for the name that a certificate must have.
        if (socket !== undefined) return Object.assign(socket, server);
      }
    },
  };
}

function open({ host, port }: DatabaseServer): net.Socket {
  return net.connect(port, host);
}

/** Gives a socket when the server has accepted it; `undefined` when it does not, in its time. */
async function accepted(
  socket: net.Socket,
  patienceMs: number,
  signal: AbortSignal,
): Promise<net.Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const giveUp = () => resolve(false);
  const timer = setTimeout(giveUp, patienceMs);
  signal.addEventListener("abort", giveUp);
  socket.on("error", giveUp);
  socket.on("connect", () => resolve(true));
  const isAccepted = await promise && !signal.aborted;
  clearTimeout(timer);
  signal.removeEventListener("abort", giveUp);
  socket.removeAllListeners("connect");
  if (isAccepted) {
    socket.removeAllListeners("error");
    return socket;
  }
  socket.destroy();
  signal.throwIfAborted();
}
