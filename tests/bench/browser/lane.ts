/** How a line is: what every byte and every connection meets that goes over it. */
export interface Conditions {
  /** How long a byte takes there and back, in milliseconds. */
  readonly rttMs: number;
  /** How many bytes pass each way in a second, of all connections together. */
  readonly bytesPerSecond: number;
}

/** Bytes that have come to the end of a lane. */
export interface Arrival<Connection> {
  readonly connection: Connection;
  readonly bytes: Uint8Array;
}

/** As many bytes as Ethernet carries at once. */
const PACKET_BYTES = 1500;

/**
 * One direction of a line. Its connections take turns, a packet each, as a fair queue in a router does it; what has
 * left arrives half a round trip later. It knows no time but what it is told, in milliseconds that never fall.
 */
export class Lane<Connection> {
  #conditions: Conditions;
  readonly #waiting = new Map<Connection, Uint8Array[]>();
  readonly #flying: (Arrival<Connection> & { readonly at: number })[] = [];
  /** When the last packet has left. */
  #freeAt = 0;

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
  }

  /** Changes the line for all that has not left yet. */
  set(conditions: Conditions): void {
    this.#conditions = conditions;
  }

  /** Takes bytes that are to go over it. */
  add(connection: Connection, bytes: Uint8Array, now: number): void {
    // A lane that was idle cannot make up for it.
    if (this.#waiting.size === 0) this.#freeAt = Math.max(this.#freeAt, now);
    const queue = this.#waiting.get(connection);
    if (queue === undefined) this.#waiting.set(connection, [bytes]);
    else queue.push(bytes);
  }

  /** Forgets what waits of a connection. */
  drop(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  /** Gives what has arrived until now, in its order. */
  arrived(now: number): Arrival<Connection>[] {
    while (this.#waiting.size > 0 && this.#freeAt <= now) this.#send();
    const count = this.#flying.findIndex(({ at }) => at > now);
    return this.#flying.splice(0, count < 0 ? this.#flying.length : count);
  }

  /** When to look again; `undefined` while it is empty. */
  get next(): number | undefined {
    const times = [...this.#waiting.size > 0 ? [this.#freeAt] : [], ...this.#flying.slice(0, 1).map(({ at }) => at)];
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #send(): void {
    const { rttMs, bytesPerSecond } = this.#conditions;
    const [[connection, queue]] = this.#waiting as Iterable<[Connection, Uint8Array[]]> as [[Connection, Uint8Array[]]];
    const [first] = queue as [Uint8Array];
    const bytes = bytesPerSecond === Infinity ? first : first.subarray(0, PACKET_BYTES);
    if (bytes.length === first.length) queue.shift();
    else queue[0] = first.subarray(bytes.length);
    // It comes behind the others.
    this.#waiting.delete(connection);
    if (queue.length > 0) this.#waiting.set(connection, queue);
    this.#freeAt += 1000 * bytes.length / bytesPerSecond;
    // Packets do not overtake each other when the line becomes shorter.
    const at = Math.max(this.#freeAt + rttMs / 2, this.#flying.at(-1)?.at ?? 0);
    this.#flying.push({ connection, bytes, at });
  }
}
