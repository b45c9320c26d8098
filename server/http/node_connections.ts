import type { Socket } from "node:net";
import type { NodeExchange } from "./node_exchange.ts";
import { endHold, hold } from "./node_flow.ts";
import { refuseMalformed } from "./node_malformed.ts";
import type { NodeServer } from "./node_types.ts";

/** How many requests of a connection may be under way, the one that is answered too, before no more are read. */
const ENOUGH_UNDER_WAY = 16;

/**
 * How many requests of a connection may be under way at most. More can lie in what was read already. No client that
 * means well sends so many without waiting for an answer, so it is cut off.
 */
const MOST_UNDER_WAY = 1024;

/**
 * How many requests of all connections may wait for their turn. Each takes about 4 KiB. Past it a connection that brings
 * more than {@linkcode ENOUGH_UNDER_WAY} is cut off.
 */
const MOST_WAITING = 4096;

interface Connection {
  /** The requests that are not over, in their order. The first one is being answered. */
  readonly exchanges: NodeExchange[];
  /** True when the client sent something that is no request: nothing more of it is read. */
  isBroken: boolean;
  /** The look at which it had its last request. */
  lastUsed: number;
}

/** The connections of a listener, with what runs on each. */
export class NodeConnections {
  /** Every connection that can have requests. */
  readonly #open = new Map<Socket, Connection>();
  /** The connections in their TLS handshake, by where they come from. */
  readonly #handshakes = new Map<string, Socket>();
  /** How many requests wait for their turn. */
  #waiting = 0;
  /** How many requests are being answered. */
  #running = 0;
  /** Set when connections are closed as soon as they have no request. */
  #ending: PromiseWithResolvers<void> | undefined;
  /** How often idle connections were looked for. */
  #looks = 0;

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

  /** Closes the connections that had no request for so many calls in a row. A timer for each would cost each request. */
  endIdle(afterLooks: number): void {
    this.#looks++;
    for (const [socket, { exchanges, lastUsed }] of this.#open) {
      if (exchanges.length === 0 && this.#looks - lastUsed > afterLooks) socket.destroy();
    }
  }

  /** Begins a request when those before it on its connection are over. */
  begin(socket: Socket, exchange: NodeExchange): void {
    // Requests that lie in what was read already come after the connection was cut off, too.
    if (socket.destroyed) return exchange.gone();
    const connection = this.#open.get(socket) ?? this.#keep(socket);
    const { exchanges } = connection;
    exchanges.push(exchange);
    if (exchanges.length === 1) return void this.#run(socket, connection);
    this.#waiting++;
    if (exchanges.length < ENOUGH_UNDER_WAY) return;
    hold(socket);
    const isTooMuch = this.#waiting > MOST_WAITING && exchanges.length > ENOUGH_UNDER_WAY;
    if (isTooMuch || exchanges.length > MOST_UNDER_WAY) socket.destroy();
  }

  /**
   * Closes every connection without a request, and each other one when it has none any more. Resolves when no request is
   * under way.
   */
  end(): Promise<void> {
    const ending = this.#ending ??= Promise.withResolvers();
    for (const [socket, { exchanges }] of this.#open) if (exchanges.length === 0) socket.destroy();
    for (const socket of this.#handshakes.values()) socket.destroy();
    if (this.#running === 0) ending.resolve();
    return ending.promise;
  }

  /** Answers the requests of a connection, one after the other. */
  async #run(socket: Socket, connection: Connection): Promise<void> {
    const { exchanges } = connection;
    this.#running++;
    for (let exchange = exchanges[0]; exchange !== undefined; exchange = exchanges[0]) {
      await exchange.run();
      exchanges.shift();
      if (exchanges.length > 0) this.#waiting--;
      // One of those that remain may have a body that is still to come.
      if (exchanges.length < ENOUGH_UNDER_WAY && !connection.isBroken) endHold(socket);
    }
    connection.lastUsed = this.#looks;
    this.#running--;
    if (this.#ending !== undefined || connection.isBroken) socket.destroySoon();
    if (this.#running === 0) this.#ending?.resolve();
  }

  #keep(socket: Socket): Connection {
    const connection: Connection = { exchanges: [], isBroken: false, lastUsed: this.#looks };
    this.#open.set(socket, connection);
    // Node takes its own listener away before it tells of CONNECT, and an error that nobody hears ends the process.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#open.delete(socket);
      const { exchanges } = connection;
      for (const exchange of exchanges) exchange.gone();
      // The first one comes to its end by itself.
      this.#waiting -= exchanges.splice(1).length;
    });
    // Deno 2.9 reports a body that ends too early no further when a client may stop sending.
    socket.once("end", () => this.#break(socket, new Deno.errors.UnexpectedEof("The client stopped sending")));
    if (this.#ending !== undefined) socket.destroy();
    return connection;
  }

  /** Ends what a client broke off, or made of no HTTP. Requests that came before still get their answers. */
  #break(socket: Socket, error: Error): void {
    const connection = this.#open.get(socket);
    const last = connection?.exchanges.at(-1);
    if (last === undefined || socket.destroyed) return refuseMalformed(socket, error);
    connection!.isBroken = true;
    last.breakOff(error);
    // Node would parse what follows, and fail with each piece of it.
    hold(socket);
  }

  #shakeHands(socket: Socket): void {
    const origin = originOf(socket);
    this.#handshakes.set(origin, socket);
    socket.once("close", () => this.#handshakes.get(origin) === socket && this.#handshakes.delete(origin));
  }
}

/** The socket of a handshake and the one of the connection behind it are two, from one place. */
function originOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
