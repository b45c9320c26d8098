import type { Socket } from "node:net";
import type { NodeServer } from "./node_types.ts";

/** The connections of a listener, with what runs on each. */
export class NodeConnections {
  /** Every connection that can have requests, with the number of those that are not over. */
  readonly #requests = new Map<Socket, number>();
  /** The connections in their TLS handshake, by where they come from. */
  readonly #handshakes = new Map<string, Socket>();
  #isEnding = false;

  /** True when connections are closed as soon as they have no request. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Takes over the connections that a server accepts. `onAccepted` is called for each. */
  watch(server: NodeServer, isTls: boolean, onAccepted: () => void): void {
    server.on("connection", (socket: Socket) => {
      if (isTls) this.#shakeHands(socket);
      else this.#keep(socket);
      onAccepted();
    });
    if (!isTls) return;
    server.on("secureConnection", (socket: Socket) => {
      this.#handshakes.delete(originOf(socket));
      this.#keep(socket);
    });
  }

  /** Counts a request until it is over. */
  begin(socket: Socket, over: Promise<void>): void {
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    over.then(() => {
      const others = (this.#requests.get(socket) ?? 1) - 1;
      if (this.#requests.has(socket)) this.#requests.set(socket, others);
      if (others === 0 && this.#isEnding) socket.destroySoon();
    });
  }

  /** Closes every connection without a request, and each other one when it has none any more. */
  end(): void {
    this.#isEnding = true;
    for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroy();
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  #keep(socket: Socket): void {
    this.#requests.set(socket, 0);
    socket.once("close", () => this.#requests.delete(socket));
    if (this.#isEnding) socket.destroy();
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
