import { type Clock, systemClock } from "../async/clock.ts";
import type { Locks } from "../memory/locks.ts";
import { UploadStore } from "../memory/upload_store.ts";
import { withHooks } from "../protocol/request_hooks.ts";
import { SignIns } from "../protocol/sign_ins.ts";
import { xhrTransport } from "../protocol/xhr_transport.ts";
import { createFingerprintOf, type FingerprintOf } from "../upload/fingerprint.ts";
import { LongReads } from "../upload/long_reads.ts";
import { readPatience } from "../upload/read_patience.ts";
import { rememberedSizes, type RequestSizes } from "../upload/request_sizes.ts";
import { type Seats, seatsFor } from "../upload/seats.ts";
import { Batches } from "./batches.ts";
import type { QueueOptions } from "./queue_options.ts";

/** The options of a queue, with everything that its uploads share. */
export interface QueueSetting extends QueueOptions {
  concurrency: number;
  endpoint: string;
  store: UploadStore;
  clock: Clock;
  locks: Locks | undefined;
  sizes: RequestSizes;
  seats: Seats;
  fingerprintOf: FingerprintOf;
  onSignedOut: SignIns;
}

/** Fills in the options that are not given. Throws a `RangeError` when `concurrency` is less than 1. */
export function settingOf(options: QueueOptions): QueueSetting {
  const { endpoint = "", concurrency = 3, clock = systemClock, store = new UploadStore() } = options;
  if (!(concurrency >= 1)) throw new RangeError(`Cannot send ${concurrency} files at a time: give 1 or more`);
  const { locks = globalThis.navigator?.locks, fingerprintOf = readingOn(clock) } = options;
  const { sizes = rememberedSizes(store, options), seats = seatsFor(endpoint, locks) } = options;
  const onSignedOut = SignIns.of(options.onSignedOut);
  return { ...options, endpoint, concurrency, clock, store, locks, fingerprintOf, sizes, seats, onSignedOut };
}

function readingOn(clock: Clock): FingerprintOf {
  const reads = new LongReads(clock);
  return createFingerprintOf(undefined, (piece, place) => reads.readerOf(piece, place), readPatience(clock));
}

/** Makes the requests with many files of a queue. */
export function createBatches(setting: QueueSetting): Batches {
  const { endpoint: url, stallMs = 30_000, random = Math.random } = setting;
  const transport = withHooks(setting.transport ?? xhrTransport, setting);
  return new Batches({ ...setting, url, transport, stallMs, random, limits: () => setting.limits?.told.batch });
}
