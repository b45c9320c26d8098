import type { Socket } from "node:net";
import type { Exchange } from "./node_exchange.ts";
import type { NodeServer } from "./node_types.ts";
import { refuseMalformed } from "./node_malformed.ts";

/** How many requests of a connection may wait for their turn before no more are read. */
const ENOUGH_WAITING = 16;

/**
 * How many requests of a connection may wait at most. More can lie in what was read already. No client that means well
 * sends so many without waiting for an answer, so it is cut off.
 */
const MOST_WAITING = 1024;

/** A socket of `node:http`, with the mark by which that knows that it may not read on by itself. */
type Pausing = Socket & { _paused?: boolean };

interface Connection {
  /** The requests that are not over, in their order. */
  readonly exchanges: Set<Exchange>;
  /** The one that began last. */
  last: Exchange | undefined;
  /** True when the client sent something that is no request: nothing more of it is read. */
  isBroken: boolean;
}

/** The connections of a listener, with what runs on each. */
export class NodeConnections {
  /** Every connection that can have requests. */
  readonly #open = new Map<Socket, Connection>();
  /** The connections in their TLS handshake, by where they come from. */
  readonly #handshakes = new Map<string, Socket>();
  /** True when connections are closed as soon as they have no request. */
  #isEnding = false;

  /** Takes over the connections that a server accepts. `onAccepted` is called for each. */
  watch(server: NodeServer, isTls: boolean, onAccepted: () => void): void {
    server.on("connection", (socket: Socket) => {
      if (isTls) this.#shakeHands(socket);
      else this.#keep(socket);
      onAccepted();
    });
    server.on("clientError", (error, socket) => this.#break(socket as Socket, error));
    // Without this the connection would be closed with no answer.
    server.on("connect", (_, socket) => this.#break(socket as Socket, new Error("This server is no proxy")));
    if (!isTls) return;
    server.on("secureConnection", (socket: Socket) => {
      this.#handshakes.delete(originOf(socket));
      this.#keep(socket);
    });
  }

  /** Begins a request when those before it on its connection are over. */
  begin(socket: Socket, start: (before: Promise<void> | undefined) => Exchange): Exchange {
    const connection = this.#open.get(socket) ?? this.#keep(socket);
    const { exchanges } = connection;
    const begun = start(connection.last?.over);
    connection.last = begun;
    exchanges.add(begun);
    if (exchanges.size > MOST_WAITING) socket.destroy();
    else if (exchanges.size === ENOUGH_WAITING) hold(socket);
    begun.over.then(() => {
      exchanges.delete(begun);
      // One of those that remain may have a body that is still to come.
      if (exchanges.size < ENOUGH_WAITING) goOn(socket);
      if (exchanges.size > 0) return;
      connection.last = undefined;
      if (this.#isEnding || connection.isBroken) socket.destroySoon();
    });
    return begun;
  }

  /** Closes every connection without a request, and each other one when it has none any more. */
  end(): void {
    this.#isEnding = true;
    for (const [socket, { exchanges }] of this.#open) if (exchanges.size === 0) socket.destroy();
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  #keep(socket: Socket): Connection {
    const connection: Connection = { exchanges: new Set(), last: undefined, isBroken: false };
    this.#open.set(socket, connection);
    socket.once("close", () => {
      this.#open.delete(socket);
      // The runtime tells only the one whose answer is on its way.
      for (const exchange of connection.exchanges) exchange.leave();
    });
    // Deno 2.9 reports a body that ends too early no further when a client may stop sending.
    socket.once("end", () => this.#break(socket, new Deno.errors.UnexpectedEof("The client stopped sending")));
    if (this.#isEnding) socket.destroy();
    return connection;
  }

  /** Ends what a client broke off, or made of no HTTP. Requests that came before still get their answers. */
  #break(socket: Socket, error: Error): void {
    const connection = this.#open.get(socket);
    const last = connection?.last;
    if (last === undefined || socket.destroyed) return refuseMalformed(socket, error);
    connection!.isBroken = true;
    last.breakOff(error);
  }

  #shakeHands(socket: Socket): void {
    const origin = originOf(socket);
    this.#handshakes.set(origin, socket);
    socket.once("close", () => this.#handshakes.get(origin) === socket && this.#handshakes.delete(origin));
  }
}

/** Reads no more from a connection. Requests that lie in what was read already still come. */
function hold(socket: Pausing): void {
  socket._paused = true;
  socket.pause();
}

function goOn(socket: Pausing): void {
  if (socket._paused !== true) return;
  socket._paused = false;
  socket.resume();
}

/** The socket of a handshake and the one of the connection behind it are two, from one place. */
function originOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
