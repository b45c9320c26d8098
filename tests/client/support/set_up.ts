import { type Progress, Uploader, type UploaderOptions } from "../../../client/mod.ts";
import { FakeLocks } from "./fake_locks.ts";
import type { FakeServer, Fault } from "./fake_server.ts";
import { HugeFile } from "./huge_file.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** Bytes of the file that `setUp` uploads. */
export const SIZE = 1000;

/** The connection breaks before anything has arrived. */
export const BROKEN: Fault = { breakAfter: 0 };

/** A file of zeros, of which everything can be read without a wait. */
export function makeFile(size = SIZE): File {
  return new HugeFile(size);
}

/** Fingerprints take a time that no test's clock knows of. */
export function noFingerprint(): Promise<undefined> {
  return Promise.resolve(undefined);
}

export interface Setup {
  server: FakeServer;
  clock: VirtualClock;
  uploader: Uploader;
  progress: Progress[];
}

/** One uploader with requests of up to 400 bytes, without fingerprints, on a virtual clock, that always waits the longest that it may. */
export function setUp(server: FakeServer, options: Partial<UploaderOptions> = {}): Setup {
  const clock = new VirtualClock();
  const progress: Progress[] = [];
  const uploader = new Uploader({
    file: makeFile(),
    id: "film",
    requestBytes: 400,
    transport: server.transport,
    clock,
    random: () => 1,
    locks: new FakeLocks(),
    fingerprintOf: noFingerprint,
    onProgress: (now) => progress.push(now),
    ...options,
  });
  return { server, clock, uploader, progress };
}

/** The retry delays, in milliseconds, in their order. */
export function waits(progress: Progress[]): (number | undefined)[] {
  return progress.filter(({ state }) => state === "waiting").map(({ retryInMs }) => retryInMs);
}

/** What the server sees of an upload that meets no trouble. */
export const WHOLE = ["GET", "POST 0+400", "POST 400+400", "POST 800+200"];

/** A file that was changed on the disk after it had been chosen: a browser refuses to read it. */
export class ChangedFile extends File {
  constructor() {
    super([new Uint8Array(SIZE)], "film.mkv");
  }

  override slice(): Blob {
    const blob = new Blob(["x"]);
    blob.slice = () => blob;
    blob.arrayBuffer = () => Promise.reject(new DOMException("The file could not be read", "NotReadableError"));
    return blob;
  }
}
