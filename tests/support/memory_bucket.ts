import type { Bucket, ListedPart, ObjectInfo, PutOptions } from "../../server/storage/s3/bucket.ts";
import type { Source } from "../../server/storage/s3/reading.ts";
import type { Multipart } from "../../server/storage/s3/layout.ts";
import { S3Error } from "../../server/storage/s3/s3_error.ts";
import type { Body } from "../../server/storage/s3/transport.ts";

/** Bytes as they came, piece by piece: parts have megabytes, and to join or to copy them takes a test's time. */
type Pieces = readonly Uint8Array[];

interface StoredObject {
  readonly pieces: Pieces;
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag?: string;
}

interface StoredMultipart {
  readonly key: string;
  readonly options: PutOptions;
  readonly parts: Map<number, { pieces: Pieces; etag: string }>;
}

/** How a bucket in memory behaves where real servers differ. */
export interface Habits {
  /** True when `If-None-Match` is heeded as an object is put. */
  readonly isConditional?: boolean;
  /** The server's way with `If-None-Match` as an object is copied: heeds it as with one that is put, unless told. */
  readonly copiesIf?: "heeded" | "ignored" | "refused";
  /** True when a multipart upload is completed with all of its parts only, as Ceph does. */
  readonly wantsAllParts?: boolean;
  /**
   * True when a multipart upload that is over is told as one whose completion is in progress, unless it is completed with
   * the parts that it was completed with, as Ceph does.
   */
  readonly isBusyForEver?: boolean;
}

/** The least length of a part that is not the last, in bytes. Objects that parts are copied from are longer. */
const LEAST_PART = 5 * 1024 * 1024;

/** The objects of a bucket in a test's memory, and the multipart uploads on their way. */
export class MemoryObjects {
  readonly objects = new Map<string, StoredObject>();
  readonly multiparts = new Map<string, StoredMultipart>();
  /** The parts that multipart uploads were completed with, by their ids. */
  readonly #completed = new Map<string, string>();
  readonly #habits: Habits;
  #count = 0;

  constructor(habits: Habits = {}) {
    this.#habits = { isConditional: true, wantsAllParts: true, isBusyForEver: true, ...habits };
  }

  /**
   * One client of the bucket. `call` is called with the name of each call, before it is done and after it; what it throws
   * the call throws.
   */
  client(call: (name: string, when: "before" | "after") => void | Promise<void> = () => {}): Bucket {
    const called = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
      await call(name, "before");
      const result = await work();
      await call(name, "after");
      return result;
    };
    const { objects, multiparts } = this;
    const found = (key: string) => objects.get(key) ?? fail(404, "NoSuchKey");
    const multipart = ({ key, uploadId }: Multipart) => {
      const upload = multiparts.get(uploadId);
      return upload?.key === key ? upload : fail(404, "NoSuchUpload");
    };
    const put = (key: string, pieces: Pieces, { metadata = {}, ifNone }: PutOptions = {}) => {
      if (ifNone && this.#habits.isConditional && objects.has(key)) fail(412, "PreconditionFailed");
      objects.set(key, { pieces, metadata, etag: `etag-${++this.#count}` });
    };
    const keys = (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const putPart = (upload: StoredMultipart, number: number, pieces: Pieces) => {
      const etag = `etag-${++this.#count}`;
      upload.parts.set(number, { pieces, etag });
      return etag;
    };
    return {
      put: (key, body, options) => called("put", async () => put(key, await collected(body), options)),
      head: (key) => called("head", () => infoOf(objects.get(key))),
      async *read({ key, from, size }, isMeant = () => true) {
        const slice = () => {
          if (!isMeant(found(key))) throw new Error(`${key} is another object`);
          return sliceOf(found(key), { key, from, size });
        };
        // Whoever reads may do with the bytes as they like.
        if (size > 0) { for (const piece of await called("read", slice)) yield piece.slice(); }
      },
      remove: (key, etag) =>
        called("remove", () => {
          if (etag === undefined || objects.get(key)?.etag === etag) objects.delete(key);
        }),
      removeMany: (keys) =>
        called("removeMany", () => {
          for (const key of keys) objects.delete(key);
          return [];
        }),
      async *list(prefix) {
        yield* await called("list", () => keys(prefix));
      },
      async *folders(prefix) {
        const all = [...keys(prefix), ...[...multiparts.values()].map(({ key }) => key)];
        const below = all.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
        yield* await called(
          "folders",
          () => new Set(below.filter((key) => key.includes("/")).map((key) => key.split("/")[0]!)),
        );
      },
      has: (prefix) => called("has", () => keys(prefix).length > 0),
      copy: (from, to, _length, options) =>
        called("copy", () => {
          const { copiesIf = "heeded" } = this.#habits;
          if (options?.ifNone && copiesIf === "refused") fail(501, "NotImplemented");
          put(to, found(from).pieces, copiesIf === "heeded" ? options : { ...options, ifNone: false });
        }),
      begin: (key, options = {}) =>
        called("begin", () => {
          const uploadId = `multipart-${++this.#count}`;
          multiparts.set(uploadId, { key, options, parts: new Map() });
          return { key, uploadId };
        }),
      putPart: (which, number, body) =>
        called("putPart", async () => putPart(multipart(which), number, await collected(body))),
      copyPart: (which, number, source) =>
        called("copyPart", () => {
          if (lengthOf(found(source.key).pieces) <= LEAST_PART) fail(400, "InvalidRequest");
          return putPart(multipart(which), number, sliceOf(found(source.key), source));
        }),
      complete: (which, listed, _length, options) =>
        called("complete", () => {
          if (this.#habits.isBusyForEver && !multiparts.has(which.uploadId)) {
            return this.#completed.get(which.uploadId) === JSON.stringify(listed)
              ? undefined
              : fail(500, "InternalError");
          }
          this.#complete(multipart(which), which, listed, options);
        }),
      abort: ({ uploadId }) => called("abort", () => void multiparts.delete(uploadId)),
      parts: (which) =>
        called("parts", () =>
          [...multipart(which).parts].sort(([one], [other]) => one - other)
            .map(([number, { pieces, etag }]): ListedPart => ({ number, etag, size: lengthOf(pieces) }))),
      async *multiparts(prefix) {
        const all = [...multiparts].map(([uploadId, { key }]) => ({ key, uploadId }));
        yield* await called("multiparts", () => all.filter(({ key }) => key.startsWith(prefix)));
      },
    };
  }

  #complete(
    { key, parts, options }: StoredMultipart,
    { uploadId }: Multipart,
    listed: readonly Pick<ListedPart, "number" | "etag">[],
    { ifNone = false }: PutOptions = {},
  ): void {
    const wanted = listed.map(({ number, etag }) => {
      const part = parts.get(number);
      return part?.etag === etag ? part : fail(400, "InvalidPart");
    });
    if (this.#habits.wantsAllParts && wanted.length !== parts.size) fail(400, "InvalidPart");
    if (wanted.slice(0, -1).some(({ pieces }) => lengthOf(pieces) < LEAST_PART)) fail(400, "EntityTooSmall");
    if (wanted.length === 0) fail(400, "MalformedXML");
    if (ifNone && this.#habits.isConditional && this.objects.has(key)) fail(412, "PreconditionFailed");
    this.multiparts.delete(uploadId);
    this.#completed.set(uploadId, JSON.stringify(listed));
    const pieces = wanted.flatMap(({ pieces }) => pieces);
    this.objects.set(key, { pieces, metadata: options.metadata ?? {}, etag: `etag-${++this.#count}` });
  }
}

function fail(status: number, reason: string): never {
  throw new S3Error("a call", status, reason, "");
}

function infoOf(object: StoredObject | undefined): ObjectInfo | undefined {
  if (object === undefined) return undefined;
  return { length: lengthOf(object.pieces), madeAt: 1, metadata: object.metadata, etag: object.etag };
}

function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function sliceOf({ pieces }: StoredObject, { from, size }: Source): Pieces {
  if (size <= 0 || from + size > lengthOf(pieces)) fail(416, "InvalidRange");
  let start = 0;
  const parts = pieces.map((piece) => {
    const part = piece.subarray(Math.max(0, from - start), Math.max(0, from + size - start));
    start += piece.length;
    return part;
  });
  return parts.filter(({ length }) => length > 0);
}

async function collected(body: Body): Promise<Pieces> {
  const pieces: Uint8Array[] = [];
  // The memory of what is sent is used again.
  for await (const piece of body.pieces()) pieces.push(piece.slice());
  if (lengthOf(pieces) !== body.length) fail(400, "IncompleteBody");
  return pieces;
}
