import { createHash } from "node:crypto";
import { IDBFactory } from "fake-indexeddb";
import { type Unfinished, UploadStore } from "../../../client/memory/upload_store.ts";
import {
  type QueuedState,
  type QueuedUpload,
  type QueueOptions,
  type UnfinishedUploads,
  type Uploader,
  UploadQueue,
} from "../../../client/mod.ts";
import type { QueueEntry } from "../../../client/queue/queue_entry.ts";
import { createFingerprintOf } from "../../../client/upload/fingerprint.ts";
import { FakeHost } from "./fake_host.ts";
import { FakeLocks } from "./fake_locks.ts";
import type { FakeServerOptions } from "./fake_server.ts";
import { HugeFile } from "./huge_file.ts";
import { SIZE } from "./set_up.ts";
import { turns } from "./turns.ts";
import { VirtualClock } from "./virtual_clock.ts";

// What a queue remembers and forgets behind a test belongs to the test.
Deno.test.afterEach(() => turns(200));

export const LARGE = 2 ** 20 + 1;

/** What an earlier page has begun. */
export const FILM: Unfinished = {
  id: "film",
  url: "",
  name: "film.mkv",
  size: SIZE,
  lastModified: 5,
  confirmed: 100,
  writtenAt: 1,
};

/** Computes a digest within a turn of the event loop: threads take a time that a test's clock does not know of. */
export const fingerprintOf = createFingerprintOf({
  digest: (_algorithm: string, bytes: ArrayBuffer) =>
    Promise.resolve(new Uint8Array(createHash("sha256").update(new Uint8Array(bytes)).digest()).buffer),
} as unknown as SubtleCrypto);

export interface QueueSetup {
  host: FakeHost;
  queue: UploadQueue;
  clock: VirtualClock;
  store: UploadStore;
  locks: FakeLocks;
  /** The states that were told, as "name state". */
  told: string[];
  /** Lets time pass until every upload of the queue has one of the states. */
  until: (...states: QueuedState[]) => Promise<void>;
}

/** A queue on a virtual clock, with a memory of its own, in which each file goes in one request. */
export function setUpQueue(
  options: QueueOptions = {},
  optionsOf: (name: string) => FakeServerOptions = () => ({}),
): QueueSetup {
  const host = new FakeHost(optionsOf);
  const clock = new VirtualClock();
  const store = new UploadStore({ factory: new IDBFactory(), patienceMs: 3600000 });
  const locks = new FakeLocks();
  const random = () => 1;
  const requestBytes = 2 * LARGE;
  const setting = { transport: host.transport, clock, store, locks, random, fingerprintOf, requestBytes };
  const queue = new UploadQueue({ ...setting, ...options });
  const told: string[] = [];
  queue.on("state", ({ file: { name }, state }) => told.push(`${name} ${state}`));

  function until(...states: QueuedState[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => queue.uploads.every(({ state }) => states.includes(state)) && resolve();
    const leaves = [queue.on("state", look), queue.on("list", look)];
    look();
    return clock.run(promise).finally(() => leaves.forEach((leave) => leave()));
  }

  return { host, queue, clock, store, locks, told, until };
}

/** A file of which nobody looks at the bytes. */
export function fileOf(name: string, size = 10): File {
  return size < LARGE ? new File([new Uint8Array(size)], name, { lastModified: 5 }) : new HugeFile(size, name);
}

/** Turns of the event loop for what needs nothing else. */
export async function rest(count = 60): Promise<void> {
  await turns(count);
}

/** The names of uploads, sorted. */
export function names(list: readonly Unfinished[]): string[] {
  return list.map(({ name }) => name).sort();
}

/** Half of the file is on the server, and it is paused. */
export async function pausedUpload(): Promise<QueueSetup & { upload: QueuedUpload }> {
  const setup = setUpQueue({ requestBytes: 2 ** 19 }, () => ({ faults: [undefined, undefined, { stallAfter: 10 }] }));
  const upload = setup.queue.add(fileOf("a", LARGE));
  while (setup.host.files.get("a")?.held !== 2 ** 19 + 10) await rest(1);
  upload.pause();
  await rest();
  return { ...setup, upload };
}

/** Cancels one upload of an earlier page. Rejects with what could not be done. */
export async function cancelOne(uploads: UnfinishedUploads, one: Unfinished): Promise<void> {
  const errors: unknown[] = [];
  await uploads.cancelAll([one], (_, error) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

/** What does the work of an upload, once its turn has come. */
export function uploaderOf(upload: QueuedUpload): Uploader | undefined {
  return (upload as QueueEntry).uploader;
}
