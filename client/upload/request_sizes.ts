import type { NetworkPath } from "../memory/network_path.ts";
import type { UploaderStore } from "../memory/path_store.ts";
import { originOf } from "../protocol/address.ts";

const MIB = 2 ** 20;

/**
 * The default sizes of a request's body in bytes: of the first one, and the bounds of the later ones. The first one is
 * small, so that a slow line shows within seconds that something is safe. The largest one is little to send once more.
 */
export const REQUEST_BYTES = { first: MIB / 8, smallest: MIB / 8, largest: 16 * MIB } as const;

const SHORTEST_MS = 8000;
const AIM_MS = 11_000;
const LONGEST_MS = 15_000;
/** How many times larger the next request may be, before the first trouble and after it. */
const GROWTH = { first: 8, later: 2 } as const;
/** Bytes that the sockets on the way may hold, so that they count as sent and have not arrived. */
const IN_SOCKETS = MIB;
const BUFFERED_BYTES = 4 * MIB;
const TIMES_UNMOVED = 2;
/** The largest number of good answers that are waited for before a larger request is tried. */
const LONGEST_CAUTION = 64;

/** The sizes of requests in bytes, and the knowledge of the network path. */
export interface RequestSizesOptions {
  /** The size of the first request. Default 128 KiB. */
  first?: number | undefined;
  /** The size of the smallest request. Default 128 KiB. */
  smallest?: number | undefined;
  /** The size of the largest request. Default 16 MiB. */
  largest?: number | undefined;
  /** The knowledge of an earlier page. */
  networkPath?: Promise<NetworkPath> | undefined;
  /** Called when something was learned that is worth remembering. */
  onLearned?: ((path: NetworkPath) => void) | undefined;
}

/**
 * Decides how many bytes the next request gets: as many as travel in 8 to 15 seconds. So little is lost when something
 * on the way loses a whole request, and little time is spent between requests. All uploads to one server share it.
 */
export class RequestSizes {
  readonly #smallest: number;
  readonly #largest: number;
  readonly #onLearned: (path: NetworkPath) => void;
  /** Resolves when the knowledge of an earlier page counts. Never rejects if `networkPath` does not. */
  readonly recalled: Promise<void>;
  #path: NetworkPath = {};
  #bytes: number;
  #unmoved = 0;
  /**
   * How many good answers in a row let requests grow. It doubles when a request is lost whole. Something on the way may
   * refuse large requests by a reset, which tells no reason.
   */
  #caution = 1;
  #good = 0;
  /** The size that fits the line, by the last request that had the full size. */
  #fitting = Infinity;
  /** Few requests lead to the size that fits a fast line. After a trouble the next one is not met at once. */
  #growth: number = GROWTH.first;

  /** Throws a `RangeError` when `first` is less than 1. */
  constructor(options: RequestSizesOptions = {}) {
    const { first = REQUEST_BYTES.first, largest = REQUEST_BYTES.largest } = options;
    if (!(first >= 1)) throw new RangeError(`Cannot send requests of ${first} bytes`);
    this.#smallest = Math.min(options.smallest ?? REQUEST_BYTES.smallest, first);
    this.#largest = largest;
    this.#onLearned = options.onLearned ?? (() => {});
    this.#bytes = first;
    this.recalled = Promise.resolve(options.networkPath).then((path) => void (this.#path = { ...path, ...this.#path }));
  }

  /** The size of the next request's body. */
  get bytes(): number {
    return this.#bounded(this.#bytes);
  }

  /**
   * The size that the body after the one under way will probably have. The one under way is expected to go as well as
   * the last one.
   */
  get bytesAhead(): number {
    const isLong = this.bytes * AIM_MS / this.#fitting >= SHORTEST_MS;
    return isLong || this.#good + 1 < this.#caution ? this.bytes : this.#bounded(this.#grown(this.#fitting));
  }

  /** The size above which no request's body goes, by what is known of the network path. */
  get largest(): number {
    const { largest = Infinity, buffers } = this.#path;
    return Math.min(this.#largest, largest, buffers ? BUFFERED_BYTES : Infinity);
  }

  /** True when requests cannot be smaller. */
  get isSmallest(): boolean {
    return this.bytes <= this.#smallest;
  }

  /** True when something on the way holds requests back until they are whole. */
  get buffers(): boolean {
    return this.#path.buffers === true;
  }

  /** Notes that a request with a body of `bytes` was answered well, after `ms` milliseconds. */
  answered(bytes: number, ms: number): void {
    const fitting = ms < SHORTEST_MS || ms > LONGEST_MS ? bytes * AIM_MS / ms : bytes;
    // A short last body says nothing about longer ones, unless it was slow.
    if (bytes >= this.bytes) this.#fitting = fitting;
    if (ms > LONGEST_MS) this.#shrink(fitting);
    else if (ms < SHORTEST_MS && bytes >= this.bytes && ++this.#good >= this.#caution) {
      this.#good = 0;
      this.#bytes = this.#grown(fitting);
    }
  }

  #grown(fitting: number): number {
    return Math.min(this.bytes * this.#growth, Math.max(this.bytes, fitting));
  }

  #shrink(bytes: number): void {
    this.#growth = GROWTH.later;
    this.#bytes = Math.min(this.bytes, bytes);
  }

  #bounded(bytes: number): number {
    return Math.max(this.#smallest, Math.min(Math.floor(bytes), this.largest));
  }

  /**
   * Notes that a request was cut after `ms` milliseconds, because it took too long. `sent` bytes of it had departed.
   */
  cut(sent: number, ms: number): void {
    this.#shrink(Math.min(this.bytes / 2, sent * AIM_MS / ms));
  }

  /**
   * Notes that a request of `bytes` broke after `sent` of them had departed, and that the server holds `gained` of
   * them.
   */
  broken(sent: number, gained: number, bytes: number): void {
    // A whole body also arrives through a proxy that buffers, so it proves nothing.
    if (gained >= bytes) return;
    if (gained > 0) {
      this.#unmoved = 0;
      this.#caution = 1;
      if (this.buffers) this.#learn({ ...this.#path, buffers: false });
      return;
    }
    if (sent > 0) this.#shrink(this.bytes / 2);
    if (sent <= IN_SOCKETS) return;
    this.#good = 0;
    this.#caution = Math.min(2 * this.#caution, LONGEST_CAUTION);
    if (this.buffers) return;
    this.#unmoved++;
    if (this.#unmoved >= TIMES_UNMOVED) this.#learn({ ...this.#path, buffers: true });
  }

  /** Notes that something on the way refused a body of `bytes` as too large. False when bodies cannot be smaller. */
  refused(bytes: number): boolean {
    if (bytes <= this.#smallest) return false;
    // Several requests may be refused one after the other that were under way at once. They count as one refusal.
    const half = Math.min(Math.floor(bytes / 2), this.#path.largest ?? Infinity);
    this.#growth = GROWTH.later;
    this.#learn({ ...this.#path, largest: Math.max(this.#smallest, half) });
    return true;
  }

  #learn(path: NetworkPath): void {
    this.#path = path;
    this.#onLearned(path);
  }
}

/**
 * Makes the sizes for one server, with the knowledge that `store` has of the network path. New knowledge goes to
 * `store`.
 */
export function rememberedSizes(
  store: UploaderStore,
  { endpoint = "", requestBytes }: { endpoint?: string | undefined; requestBytes?: number | undefined },
): RequestSizes {
  const origin = originOf(endpoint);
  return new RequestSizes({
    first: requestBytes,
    largest: requestBytes,
    networkPath: store.networkPath(origin),
    onLearned: (path) => void store.learn(origin, path),
  });
}
