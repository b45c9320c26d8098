import type { LatePlace } from "../shared/leases.ts";
import type { ByteStore, FinishedFile, Part, PlacedFile } from "../store.ts";
import type { Bucket, ObjectInfo } from "./bucket.ts";
import { FINISHED, keyOfPath } from "./keys.ts";
import { isObjectOf, isOfUpload, modifiedAtOf } from "./placing.ts";

export interface FinishedOptions {
  readonly bucket: Bucket;
  /** True when an unfinished upload's row is there. */
  readonly isUnfinished: (id: string) => Promise<boolean>;
  /** Remembers that an object of an upload may appear later. */
  readonly expectLate: (place: LatePlace) => Promise<void>;
  /** Called when bytes of a finished file were read to be sent. */
  readonly sent: (bytes: number) => void;
}

/** The key of a finished file, and the object that lies there. */
interface Found {
  readonly key: string;
  readonly info: ObjectInfo | undefined;
}

/**
 * Finds, opens and removes finished files, each only if it is the one that was uploaded (I9): its object names the
 * upload.
 */
export function createFinished(
  { bucket, isUnfinished, expectLate, sent }: FinishedOptions,
): Pick<ByteStore, "find" | "isFolder" | "openFinished" | "removeFinished"> {
  async function look({ path }: PlacedFile): Promise<Found | undefined> {
    const key = keyOfPath(path);
    return key === undefined ? undefined : { key, info: await bucket.head(key) };
  }

  return {
    async find(file) {
      if (isItsObject(await look(file), file)) return "there";
      if (await isUnfinished(file.id)) return "unplaced";
      // Another instance may have placed the file since that look. It removed the row only afterwards.
      const found = await look(file);
      if (isItsObject(found, file)) return "there";
      if (found === undefined || found.info !== undefined) return "replaced";
      // A bucket that is gone answers this look with an error, which those above cannot tell from a missing object.
      await bucket.has(found.key);
      return "missing";
    },

    async isFolder(path) {
      const key = keyOfPath(path);
      return key !== undefined && await bucket.has(`${key}/`);
    },

    async openFinished(file) {
      const found = await look(file);
      if (found?.info === undefined || !isObjectOf(found.info, file)) return undefined;
      return finishedFile(bucket, { key: found.key, id: file.id, info: found.info }, sent);
    },

    async removeFinished(file) {
      const key = keyOfPath(file.path);
      // Somebody who was stopped just before may place the file after this look.
      if (key !== undefined && await isUnfinished(file.id)) await expectLate({ key, id: file.id });
      const found = await look(file);
      if (found?.info !== undefined && isObjectOf(found.info, file)) await bucket.remove(found.key, found.info.etag);
    },
  };
}

function isItsObject(found: Found | undefined, file: PlacedFile): boolean {
  return found?.info !== undefined && isObjectOf(found.info, file);
}

/** True when something lies at a path of a finished file. */
export async function isTaken(bucket: Bucket, path: string): Promise<boolean> {
  return await bucket.head(FINISHED + path) !== undefined;
}

function finishedFile(
  bucket: Bucket,
  { key, id, info }: { readonly key: string; readonly id: string; readonly info: ObjectInfo },
  sent: (bytes: number) => void,
): FinishedFile {
  const { length } = info;
  // Another upload's file may get the name between the look and the read.
  const read = (from: number, size: number) => bucket.read({ key, from, size }, (found) => isOfUpload(found, id));
  return {
    length,
    modifiedAt: modifiedAtOf(info),
    async head(count) {
      const head = new Uint8Array(Math.min(count, length));
      let at = 0;
      for await (const piece of read(0, head.length)) {
        head.set(piece, at);
        at += piece.length;
      }
      return head;
    },
    read: ({ start, end }: Part = { start: 0, end: length }) => streamOf(read(start, end - start), sent),
    // Nothing is open until it is read.
    close() {},
  };
}

/** Makes a stream of pieces, which are asked for one by one. */
export function streamOf(
  pieces: AsyncGenerator<Uint8Array>,
  sent: (bytes: number) => void = () => {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) return controller.close();
      sent(value.length);
      controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}
