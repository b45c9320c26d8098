import { systemClock } from "../async/clock.ts";
import { once } from "../async/once.ts";
import type { Locks } from "../memory/locks.ts";
import { PathStore, type UploaderStore } from "../memory/path_store.ts";
import { metadataHeader } from "../protocol/metadata.ts";
import { withHooks } from "../protocol/request_hooks.ts";
import { createRequests } from "../protocol/requests.ts";
import { SignIns } from "../protocol/sign_ins.ts";
import { xhrTransport } from "../protocol/xhr_transport.ts";
import { fileId, headerId } from "./file_id.ts";
import { createFingerprintOf } from "./fingerprint.ts";
import { LocalFile } from "./local_file.ts";
import { namedFile } from "./named_file.ts";
import type { UploaderOptions } from "./options.ts";
import { Pieces } from "./pieces.ts";
import { rememberedSizes } from "./request_sizes.ts";
import type { RunDeps } from "./run.ts";
import { Snapshot } from "./snapshot.ts";

/** The bytes that a slow disk reads in a millisecond. */
const VERIFIED_PER_MS = 1e5;

/** The things that last as long as an upload, made of its options and their defaults. */
export interface UploadSetting extends Omit<RunDeps, "progress" | "onReply" | "delayBegins"> {
  /** Gives the `X-File-Id`. Rejects with an `UploadError` when the file cannot be read. */
  id: () => Promise<string>;
  file: File;
  endpoint: string;
  locks: Locks | undefined;
}

/**
 * Fills in the options that are not given. Throws a `RangeError` when `requestBytes` is less than 1, or `metadata`
 * cannot be sent.
 */
export function settingOf(options: UploaderOptions): UploadSetting {
  const { endpoint = "", clock = systemClock, store = new PathStore() } = options;
  const { random = Math.random, tries = Infinity, beforeRetry = () => Promise.resolve() } = options;
  const { locks = globalThis.navigator?.locks, fingerprintOf = createFingerprintOf() } = options;
  const { seats, sizes = rememberedSizes(store, options) } = options;
  const file: File & { isWatched?: boolean } = namedFile(options.file, options.name);
  const { stallMs = 30_000, answerMs = stallMs + file.size / VERIFIED_PER_MS } = options;
  const local = new LocalFile(file, clock);
  const snapshot = new Snapshot({ local, fingerprintOf, clock, isWatched: file.isWatched });
  const id = once(() => idOf(file, options, store, snapshot));
  const requests = createRequests({
    file,
    id,
    path: options.path,
    metadata: metadataHeader(options.metadata),
    url: endpoint,
    transport: withHooks(options.transport ?? xhrTransport, options),
    clock,
    stallMs,
    answerMs,
    look: (part) => local.look(part),
  });
  const pieces = new Pieces(local, { sizes, fingerprintOf });
  const signIns = SignIns.of(options.onSignedOut);
  return {
    id,
    file,
    endpoint,
    locks,
    requests,
    pieces,
    snapshot,
    sizes,
    seats,
    clock,
    random,
    signIns,
    tries,
    beforeRetry,
  };
}

async function idOf(
  file: File,
  { id, path }: Pick<UploaderOptions, "id" | "path">,
  store: UploaderStore,
  snapshot: Snapshot,
): Promise<string> {
  if (id !== undefined) return headerId(id);
  const [secret, sample] = await Promise.all([store.secret(), snapshot.sample()]);
  return fileId(file, { path, sample, secret });
}
