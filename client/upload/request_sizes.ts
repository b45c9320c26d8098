import type { NetworkPath } from "../memory/network_path.ts";
import type { UploadStore } from "../memory/upload_store.ts";

const MIB = 2 ** 20;

/** The sizes of a request's body unless told, in bytes: the first, and the bounds of those that follow. */
export const REQUEST_BYTES = { first: 8 * MIB, smallest: MIB / 4, largest: 64 * MIB } as const;

const SHORTEST_MS = 8000;
const AIM_MS = 11_000;
const LONGEST_MS = 15_000;
/** What the sockets on the way may hold without anybody having lost it. */
const IN_SOCKETS = MIB;
const BUFFERED_BYTES = 4 * MIB;
const TIMES_UNMOVED = 2;
/** After requests that were lost whole, at most so many good ones are waited for before a larger one is tried. */
const LONGEST_CAUTION = 64;

/** The sizes of requests, in bytes, and what is known of the network path. */
export interface RequestSizesOptions {
  /** The size of the first request. Default 8 MiB. */
  first?: number | undefined;
  /** The size of the smallest request. Default 256 KiB. */
  smallest?: number | undefined;
  /** The size of the largest request. Default 64 MiB. */
  largest?: number | undefined;
  /** What an earlier page has learned. */
  networkPath?: Promise<NetworkPath> | undefined;
  /** Called when something has been learned that is worth to be remembered. */
  onLearned?: ((path: NetworkPath) => void) | undefined;
}

/**
 * How many bytes the next request gets: as many as travel in 8 to 15 seconds, so that little is lost when something on
 * the way loses a whole request, and little time is spent between requests. All uploads to one server share it.
 */
export class RequestSizes {
  readonly #smallest: number;
  readonly #largest: number;
  readonly #onLearned: (path: NetworkPath) => void;
  /** Resolves when what was learned earlier counts. Never rejects if `networkPath` does not. */
  readonly recalled: Promise<void>;
  #path: NetworkPath = {};
  #bytes: number;
  #unmoved = 0;
  /**
   * How many good answers in a row let requests grow. It doubles when one is lost whole: what refuses large requests may
   * do it by a reset, whose reason is lost with it.
   */
  #caution = 1;
  #good = 0;

  /** Throws a `RangeError` when `first` is less than 1. */
  constructor(options: RequestSizesOptions = {}) {
    const { first = REQUEST_BYTES.first, largest = REQUEST_BYTES.largest } = options;
    if (!(first >= 1)) throw new RangeError(`Cannot send requests of ${first} bytes: give 1 or more`);
    this.#smallest = Math.min(options.smallest ?? REQUEST_BYTES.smallest, first);
    this.#largest = largest;
    this.#onLearned = options.onLearned ?? (() => {});
    this.#bytes = first;
    this.recalled = Promise.resolve(options.networkPath).then((path) => void (this.#path = { ...path, ...this.#path }));
  }

  /** The size of the next request's body. */
  get bytes(): number {
    const { largest = Infinity, buffers } = this.#path;
    const bound = Math.min(this.#largest, largest, buffers ? BUFFERED_BYTES : Infinity);
    return Math.max(this.#smallest, Math.min(Math.floor(this.#bytes), bound));
  }

  /** Whether requests are as small as they can be. */
  get isSmallest(): boolean {
    return this.bytes <= this.#smallest;
  }

  /** Whether something on the way holds requests back until they are whole. */
  get buffers(): boolean {
    return this.#path.buffers === true;
  }

  /** A request with a body of `bytes` has been answered well, after `ms` milliseconds. */
  answered(bytes: number, ms: number): void {
    // The last body of a file says nothing about longer ones unless it was slow.
    if (ms >= SHORTEST_MS && ms <= LONGEST_MS) return;
    const fitting = ms === 0 ? Infinity : bytes * AIM_MS / ms;
    if (ms > LONGEST_MS) this.#bytes = Math.min(this.bytes, fitting);
    else if (bytes >= this.bytes && ++this.#good >= this.#caution) this.#grow(fitting);
  }

  #grow(fitting: number): void {
    this.#good = 0;
    this.#bytes = Math.min(this.bytes * 2, Math.max(this.bytes, fitting));
  }

  /** A request was cut after `ms` milliseconds because it took too long; `sent` bytes of it had departed. */
  cut(sent: number, ms: number): void {
    this.#bytes = Math.min(this.bytes / 2, sent * AIM_MS / ms);
  }

  /** A request of `bytes` broke after `sent` of them had departed, and the server holds `gained` of them. */
  broken(sent: number, gained: number, bytes: number): void {
    // A whole body arrives through a proxy that buffers too, so it proves nothing.
    if (gained >= bytes) return;
    if (gained > 0) {
      this.#unmoved = 0;
      this.#caution = 1;
      if (this.buffers) this.#learn({ ...this.#path, buffers: false });
      return;
    }
    if (sent > 0) this.#bytes = this.bytes / 2;
    if (sent <= IN_SOCKETS) return;
    this.#good = 0;
    this.#caution = Math.min(2 * this.#caution, LONGEST_CAUTION);
    if (this.buffers) return;
    this.#unmoved++;
    if (this.#unmoved >= TIMES_UNMOVED) this.#learn({ ...this.#path, buffers: true });
  }

  /** A body of `bytes` was refused as too large by something on the way. False when it cannot be smaller. */
  refused(bytes: number): boolean {
    if (bytes <= this.#smallest) return false;
    // Several that are under way at once are refused one after the other, and are one refusal.
    const half = Math.min(Math.floor(bytes / 2), this.#path.largest ?? Infinity);
    this.#learn({ ...this.#path, largest: Math.max(this.#smallest, half) });
    return true;
  }

  #learn(path: NetworkPath): void {
    this.#path = path;
    this.#onLearned(path);
  }
}

/** The sizes for one server: what `store` knows of the network path to it counts, and what is learned goes there. */
export function rememberedSizes(
  store: UploadStore,
  { endpoint = "", requestBytes }: { endpoint?: string | undefined; requestBytes?: number | undefined },
): RequestSizes {
  const origin = endpoint === ""
    ? globalThis.location?.origin ?? ""
    : new URL(endpoint, globalThis.location?.href).origin;
  return new RequestSizes({
    first: requestBytes,
    largest: requestBytes,
    networkPath: store.networkPath(origin),
    onLearned: (path) => void store.learn(origin, path),
  });
}
