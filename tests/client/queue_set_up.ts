import { IDBFactory } from "fake-indexeddb";
import { Memory } from "../../client/memory.ts";
import { type QueuedState, type QueueOptions, UploadQueue } from "../../client/upload_queue.ts";
import { FakeHost } from "./fake_host.ts";
import { FakeLocks } from "./fake_locks.ts";
import type { FakeServerOptions } from "./fake_server.ts";
import { VirtualClock } from "./virtual_clock.ts";

export const LARGE = 2 ** 20 + 1;

export interface QueueSetup {
  host: FakeHost;
  queue: UploadQueue;
  clock: VirtualClock;
  memory: Memory;
  locks: FakeLocks;
  /** The states that were told, as "name state". */
  told: string[];
  /** Lets time pass until every upload of the queue has one of the states. */
  until: (...states: QueuedState[]) => Promise<void>;
}

/** A queue on a virtual clock, with a memory of its own. */
export function setUpQueue(
  options: QueueOptions = {},
  optionsOf: (name: string) => FakeServerOptions = () => ({}),
): QueueSetup {
  const host = new FakeHost(optionsOf);
  const clock = new VirtualClock();
  const memory = new Memory({ factory: new IDBFactory() });
  const locks = new FakeLocks();
  const queue = new UploadQueue({ transport: host.transport, clock, memory, locks, random: () => 1, ...options });
  const told: string[] = [];
  queue.on("state", ({ file: { name }, state }) => told.push(`${name} ${state}`));

  function until(...states: QueuedState[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => queue.uploads.every(({ state }) => states.includes(state)) && resolve();
    const leaves = [queue.on("state", look), queue.on("list", look)];
    look();
    return clock.run(promise).finally(() => leaves.forEach((leave) => leave()));
  }

  return { host, queue, clock, memory, locks, told, until };
}

/** A file of which nobody looks at the bytes. */
export function fileOf(name: string, size = 10): File {
  return new File([new Uint8Array(size)], name, { lastModified: 5 });
}
