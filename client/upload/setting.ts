import { type Clock, systemClock } from "../async/clock.ts";
import { once } from "../async/once.ts";
import type { Locks } from "../memory/locks.ts";
import { PathStore, type UploaderStore } from "../memory/path_store.ts";
import { metadataHeader } from "../protocol/metadata.ts";
import { withHooks } from "../protocol/request_hooks.ts";
import { createRequests } from "../protocol/requests.ts";
import { SignIns } from "../protocol/sign_ins.ts";
import type { Transport } from "../protocol/transport.ts";
import { xhrTransport } from "../protocol/xhr_transport.ts";
import { fileId, headerId } from "./file_id.ts";
import { createFingerprintOf, type FingerprintOf } from "./fingerprint.ts";
import { LocalFile } from "./local_file.ts";
import { namedFile } from "./named_file.ts";
import type { UploaderOptions } from "./options.ts";
import { Pieces } from "./pieces.ts";
import { rememberedSizes, type RequestSizes } from "./request_sizes.ts";
import type { RunDeps } from "./run.ts";
import { type Seats, seatsFor } from "./seats.ts";
import { Snapshot } from "./snapshot.ts";

/** The bytes that a slow disk reads in a millisecond. */
const VERIFIED_PER_MS = 1e5;

/** The options of an upload with their defaults, and the things that last as long as the upload. */
export interface UploadSetting {
  /** Gives the `X-File-Id`. Rejects with an `UploadError` when the file cannot be read. */
  id: () => Promise<string>;
  path: string | undefined;
  /** The value of `X-File-Metadata`. */
  metadata: string | undefined;
  endpoint: string;
  local: LocalFile;
  snapshot: Snapshot;
  fingerprintOf: FingerprintOf;
  store: UploaderStore;
  sizes: RequestSizes;
  seats: Seats;
  locks: Locks | undefined;
  transport: Transport;
  signIns: SignIns;
  clock: Clock;
  random: () => number;
  tries: number;
  stallMs: number;
  answerMs: number;
  beforeRetry: () => Promise<void>;
}

/**
 * Fills in the options that are not given. Throws a `RangeError` when `requestBytes` is less than 1, or `metadata`
 * cannot be sent.
 */
export function settingOf(options: UploaderOptions): UploadSetting {
  const { id, path, endpoint = "", clock = systemClock, store = new PathStore() } = options;
  const { random = Math.random, tries = Infinity, beforeRetry = () => Promise.resolve() } = options;
  const { locks = globalThis.navigator?.locks, fingerprintOf = createFingerprintOf() } = options;
  const { sizes = rememberedSizes(store, options), seats = seatsFor(endpoint, locks) } = options;
  const file = namedFile(options.file, options.name);
  const { stallMs = 30_000, answerMs = stallMs + file.size / VERIFIED_PER_MS } = options;
  const local = new LocalFile(file, clock);
  const isWatched = "isWatched" in file && file.isWatched === true;
  const snapshot = new Snapshot({ local, fingerprintOf, clock, ...isWatched && { isWatched } });
  return {
    id: once(() => idOf(file, { id, path, store, snapshot })),
    path,
    metadata: metadataHeader(options.metadata),
    endpoint,
    local,
    snapshot,
    fingerprintOf,
    store,
    sizes,
    seats,
    locks,
    transport: withHooks(options.transport ?? xhrTransport, options),
    signIns: SignIns.of(options.onSignedOut),
    clock,
    random,
    tries,
    stallMs,
    answerMs,
    beforeRetry,
  };
}

async function idOf(
  file: File,
  { id, path, store, snapshot }: Pick<UploaderOptions, "id" | "path"> & Pick<UploadSetting, "store" | "snapshot">,
): Promise<string> {
  if (id !== undefined) return headerId(id);
  const [secret, sample] = await Promise.all([store.secret(), snapshot.sample()]);
  return fileId(file, { path, sample, secret });
}

/** Makes the things that a run works with. `id` is the `X-File-Id`; `own` are those that belong to one uploader. */
export function depsOf(
  setting: UploadSetting,
  id: string,
  own: Pick<RunDeps, "progress" | "onReply" | "delayBegins">,
): RunDeps {
  const { local, endpoint: url, sizes, fingerprintOf } = setting;
  const look = (part: Blob) => local.look(part);
  return {
    ...setting,
    ...own,
    requests: createRequests({ ...setting, file: local.file, id, url, look }),
    pieces: new Pieces(local, { sizes, fingerprintOf }),
  };
}
