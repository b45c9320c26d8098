import net from "node:net";
import { type Conditions, Lane } from "./lane.ts";

/** A line to a server on this machine, as slow and as long as it is told to be. */
export interface Line extends AsyncDisposable {
  readonly port: number;
  /** How many bytes have come from the server. */
  readonly received: number;
  /** Changes it from now on, for all its connections. */
  set(conditions: Partial<Conditions>): void;
}

/** A line that is not felt. */
export const LOOPBACK: Conditions = { rttMs: 0, bytesPerSecond: Infinity };

/** The bounds of what one connection may have on the way, as the window of TCP has them. */
const WINDOW_BYTES = { smallest: 64 << 10, largest: 1 << 20 } as const;

/** How long bytes wait in a router before it tells senders to slow down. */
const QUEUE_MS = 250;

/** One direction of one connection. */
interface Way {
  readonly from: net.Socket;
  readonly to: net.Socket;
  /** Bytes that were read and have not arrived. */
  held: number;
  /** How much may be held. */
  readonly window: () => number;
  hasEnded: boolean;
}

/**
 * Starts a line towards the server at the port `to`. All connections share its two lanes. A new connection costs one
 * round trip before its first byte leaves, as TCP's does; the slow start of TCP is not modelled.
 */
export async function startLine(to: number, conditions: Conditions = LOOPBACK): Promise<Line> {
  let current = conditions;
  let received = 0;
  const lanes = { up: openLane(current), down: openLane(current) };
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    const target = net.connect({ port: to, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const window = () => windowOf(current);
    const ways = [
      { from: client, to: target, held: 0, hasEnded: false, window },
      { from: target, to: client, held: 0, hasEnded: false, window },
    ] as const;
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        for (const { to } of ways) to.destroy();
        for (const own of ways) for (const { lane } of [lanes.up, lanes.down]) lane.drop(own);
      });
    }
    target.on("data", ({ length }) => received += length);
    carry(ways[0], lanes.up);
    carry(ways[1], lanes.down);
    setTimeout(() => client.resume(), current.rttMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    get received() {
      return received;
    },
    set(changes) {
      current = { ...current, ...changes };
      for (const { lane, look } of [lanes.up, lanes.down]) {
        lane.set(current);
        look();
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
      for (const { stop } of [lanes.up, lanes.down]) stop();
    },
  };
}

/** As many bytes as are on the way, or wait for it, on a line of which a connection has all. */
function windowOf({ rttMs, bytesPerSecond }: Conditions): number {
  const { smallest, largest } = WINDOW_BYTES;
  return Math.min(largest, Math.max(smallest, bytesPerSecond * (rttMs + QUEUE_MS) / 1000));
}

/** Reads what comes into a way, as long as its window is open. */
function carry(way: Way, { lane, look }: OpenLane): void {
  way.from.on("data", (bytes: Uint8Array) => {
    way.held += bytes.length;
    if (way.held >= way.window()) way.from.pause();
    lane.add(way, bytes, performance.now());
    look();
  });
  way.from.on("end", () => {
    way.hasEnded = true;
    if (way.held === 0) way.to.end();
  });
}

/** A lane that hands on by itself what has arrived. */
interface OpenLane {
  readonly lane: Lane<Way>;
  /** Looks at what is to be done now, and sets the time of the next look. */
  look(): void;
  stop(): void;
}

function openLane(conditions: Conditions): OpenLane {
  const lane = new Lane<Way>(conditions);
  let timer: ReturnType<typeof setTimeout> | undefined;
  function look(): void {
    clearTimeout(timer);
    for (const { connection: way, bytes } of lane.arrived(performance.now())) handOn(way, bytes);
    const { next } = lane;
    timer = next === undefined ? undefined : setTimeout(look, Math.max(0, Math.ceil(next - performance.now())));
  }
  return { lane, look, stop: () => clearTimeout(timer) };
}

function handOn(way: Way, bytes: Uint8Array): void {
  const { from, to } = way;
  if (to.destroyed) return;
  // Only bytes that the receiver has taken open the window again.
  to.write(bytes, () => {
    way.held -= bytes.length;
    if (way.held < way.window() && from.isPaused()) from.resume();
    if (way.hasEnded && way.held === 0) to.end();
  });
}
