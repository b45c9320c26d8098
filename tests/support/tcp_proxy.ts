import net from "node:net";

/** `up` is from the client to the server. */
export type Direction = "up" | "down";

/**
 * The fault of a connection after so many bytes in one direction:
 *
 * - `cut`: it is closed towards both sides
 * - `reset`: it is reset (RST) towards both sides
 * - `half-close`: no more comes in this direction but its end (FIN); the other direction goes on
 * - `stall`: nothing more comes in either direction, and neither side learns of it, not even that the other is gone
 * - `delay`: nothing more comes in this direction for `ms`; then all goes on
 * - `damage`: the next byte comes as another one
 */
export type Fault =
  | {
    readonly kind: "cut" | "reset" | "half-close" | "stall" | "damage";
    readonly direction: Direction;
    readonly after: number;
  }
  | { readonly kind: "delay"; readonly direction: Direction; readonly after: number; readonly ms: number };

/** A TCP proxy in front of a server on this machine that does to its connections what networks do. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Closes all connections that are open now towards both sides, as when a network is left. */
  cutAll(): void;
}

export interface ProxyOptions {
  /** The server's port. */
  readonly to: number;
  /** The fault of the next connection. */
  plan(): Fault | undefined;
  /** Says whether a fault whose bytes have come still happens. Default: true. */
  isDue?(fault: Fault): boolean;
  /** Called just before that; it happens when what this gives has resolved. */
  beforeFault?(fault: Fault): Promise<void>;
  /** Called when it has. */
  onFault?(fault: Fault): void;
}

/** Starts a proxy on a free port of 127.0.0.1. Use with `await using`: it closes what is still open. */
export async function startProxy(
  { to, plan, isDue = () => true, beforeFault = async () => {}, onFault = () => {} }: ProxyOptions,
): Promise<TcpProxy> {
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const target = net.connect({ port: to, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [client, target]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => open.delete(socket));
    }
    relay({ up: client, down: target }, plan(), { isDue, beforeFault, onFault });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cutAll = (): void => open.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as net.AddressInfo).port,
    cutAll,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      cutAll();
      await closed;
    },
  };
}

/** The sockets, each under the direction of the bytes that come out of it. */
type Pair = Readonly<Record<Direction, net.Socket>>;

/** Passes bytes on in both directions until both have ended or a fault has ended them. */
function relay(
  pair: Pair,
  fault: Fault | undefined,
  { isDue, beforeFault, onFault }: Required<Pick<ProxyOptions, "isDue" | "beforeFault" | "onFault">>,
): void {
  let dead = false;

  function end(how: "cut" | "reset"): void {
    dead = true;
    for (const socket of [pair.up, pair.down]) {
      if (how === "cut") socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  /** Lets the fault come to pass; true when the direction ends with it. */
  async function meet(met: Fault): Promise<boolean> {
    await beforeFault(met);
    if (dead) return true;
    if (met.kind === "cut" || met.kind === "reset") end(met.kind);
    if (met.kind === "half-close") other(pair, met.direction).end();
    if (met.kind === "stall") dead = true;
    onFault(met);
    if (met.kind === "damage") return false;
    if (met.kind !== "delay") return true;
    await new Promise((resolve) => setTimeout(resolve, met.ms));
    return false;
  }

  async function pass(direction: Direction): Promise<void> {
    const to = other(pair, direction);
    let left = fault?.direction === direction ? fault.after : Infinity;
    for await (const data of pair[direction].iterator({ destroyOnReturn: false })) {
      let bytes: Uint8Array = data;
      if (dead) return;
      const isMet = fault !== undefined && bytes.length >= left + Number(fault.kind === "damage");
      if (isMet && !isDue(fault)) left = Infinity;
      else if (isMet) {
        await write(to, bytes.subarray(0, left));
        bytes = bytes.subarray(left);
        left = Infinity;
        if (dead || await meet(fault)) return;
        if (fault.kind === "damage") bytes[0] = bytes[0]! ^ 1;
      }
      left -= bytes.length;
      await write(to, bytes);
    }
    if (!dead) to.end();
  }

  for (const direction of ["up", "down"] as const) {
    pass(direction).catch(() => {
      if (!dead) end("reset");
    });
  }
}

function other(pair: Pair, direction: Direction): net.Socket {
  return direction === "up" ? pair.down : pair.up;
}

/** Returns when the bytes are in the hands of the system. */
function write(to: net.Socket, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => to.write(bytes, (error) => error ? reject(error) : resolve()));
}
