import type { S3Client } from "./client.ts";
import { encodedKey } from "./keys.ts";
import type { Multipart } from "./layout.ts";
import { readAgain, type Source } from "./reading.ts";
import { createRemoveMany } from "./remove_many.ts";
import { hasStatus, isUnknownToServer } from "./s3_error.ts";
import type { Body } from "./transport.ts";
import { elementsOf, encodedForXml, textOf } from "./xml.ts";

/** The facts that the bucket tells of an object. */
export interface ObjectInfo {
  readonly length: number;
  /** When it was made, in milliseconds since 1970; `undefined` if the server does not tell. */
  readonly madeAt: number | undefined;
  /** The version of its bytes, as the server writes it; `undefined` if the server does not tell. */
  readonly etag?: string | undefined;
  /** The values of the headers `x-amz-meta-…`, by their names behind that. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A part of a multipart upload that the server has. */
export interface ListedPart {
  readonly number: number;
  readonly etag: string;
  readonly size: number;
}

/** How an object is put. */
export interface PutOptions {
  /** The values of the headers `x-amz-meta-…`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Sends `If-None-Match: *`. The answer is 412 or 409 then when an object is there, if the server heeds it. */
  readonly ifNone?: boolean;
}

/** The calls of S3 that the byte store makes. Each throws `S3Error`, and `BrokenConnection`. */
export interface Bucket {
  put(key: string, body: Body, options?: PutOptions): Promise<void>;
  /** `undefined` when there is no object. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Reads bytes of an object. Throws when the metadata of the one that is there is not what `isMeant` takes. */
  read(source: Source, isMeant?: (info: Pick<ObjectInfo, "metadata">) => boolean): AsyncGenerator<Uint8Array>;
  /** No error when there is no object. With `etag` another object stays, if the server heeds that. */
  remove(key: string, etag?: string): Promise<void>;
  /**
   * Removes objects, `MAX_REMOVED` at most, by one request. Gives the keys that the server does not say it has removed:
   * each is to be removed by `remove`, which tells why that fails.
   */
  removeMany(keys: readonly string[]): Promise<readonly string[]>;
  /** The keys that begin with `prefix`. */
  list(prefix: string): AsyncGenerator<string>;
  /** The names that come between `prefix` and the next slash in all keys. Those of multipart uploads count too. */
  folders(prefix: string): AsyncGenerator<string>;
  /** True when a key begins with `prefix`. */
  has(prefix: string): Promise<boolean>;
  /** Copies a whole object of at most 5 GiB within the server. Some servers do not heed `ifNone` here, and some refuse it. */
  copy(from: string, to: string, length: number, options?: PutOptions): Promise<void>;
  begin(key: string, options?: PutOptions): Promise<Multipart>;
  /** Gives the part's ETag, without quotes. */
  putPart(multipart: Multipart, number: number, body: Body): Promise<string>;
  copyPart(multipart: Multipart, number: number, source: Source): Promise<string>;
  /** Makes the object of `length` bytes from these parts. */
  complete(
    multipart: Multipart,
    parts: readonly Pick<ListedPart, "number" | "etag">[],
    length: number,
    options?: PutOptions,
  ): Promise<void>;
  /** No error when the multipart upload is over. */
  abort(multipart: Multipart): Promise<void>;
  parts(multipart: Multipart): Promise<ListedPart[]>;
  /** The multipart uploads on their way whose keys begin with `prefix`. */
  multiparts(prefix: string): AsyncGenerator<Multipart>;
}

export function createBucket(client: S3Client, { bucket }: { readonly bucket: string }): Bucket {
  const sourceOf = (key: string) => `/${bucket}/${encodedKey(key)}`;

  async function* pages(query: Record<string, string>, next: (xml: string) => Record<string, string> | undefined) {
    let more: Record<string, string> | undefined = {};
    while (more !== undefined) {
      const { body } = await client.send({ method: "GET", query: { ...query, ...more } });
      yield body;
      const following = textOf(body, "IsTruncated") === "true" ? next(body) : undefined;
      // A server that says the same place again would be asked for ever.
      more = JSON.stringify(following) === JSON.stringify(more) ? undefined : following;
    }
  }

  const objects = (query: Record<string, string>) =>
    pages({ "list-type": "2", ...query }, (xml) => {
      const token = textOf(xml, "NextContinuationToken");
      return token === undefined ? undefined : { "continuation-token": token };
    });

  const uploads = (query: Record<string, string>) =>
    pages({ uploads: "", ...query }, (xml) => {
      const [key, id] = [textOf(xml, "NextKeyMarker"), textOf(xml, "NextUploadIdMarker")];
      return key === undefined ? undefined : { "key-marker": key, ...id !== undefined && { "upload-id-marker": id } };
    });

  async function* multiparts(prefix: string): AsyncGenerator<Multipart> {
    for await (const xml of uploads({ prefix })) {
      for (const upload of elementsOf(xml, "Upload")) {
        const [key, uploadId] = [textOf(upload, "Key"), textOf(upload, "UploadId")];
        if (key?.startsWith(prefix) && uploadId !== undefined) yield { key, uploadId };
      }
    }
  }

  async function head(key: string): Promise<ObjectInfo | undefined> {
    try {
      return infoOf((await client.send({ method: "HEAD", key })).headers);
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  return {
    async put(key, body, options) {
      await client.send({ method: "PUT", key, body, headers: headersOf(options) });
    },

    head,

    read: (source, isMeant = () => true) =>
      readAgain((rest) => client.open(requestOf(rest)), source, (headers) => isMeant(infoOf(headers))),

    async remove(key, etag) {
      const send = (headers: Record<string, string>) => client.send({ method: "DELETE", key, headers });
      if (etag === undefined) return await ignoringMissing(send({}));
      try {
        await ignoringMissing(send({ "if-match": etag }));
      } catch (error) {
        const isRefused = hasStatus(error, 412);
        if (!isRefused && !isUnknownToServer(error)) throw error;
        // A server that takes the tag for another one than it gives must not keep what is to be removed.
        if (isRefused && (await head(key))?.etag !== etag) return;
        await ignoringMissing(send({}));
      }
    },

    removeMany: createRemoveMany(client),

    async *list(prefix) {
      for await (const xml of objects({ prefix })) {
        for (const object of elementsOf(xml, "Contents")) {
          const key = textOf(object, "Key");
          if (key?.startsWith(prefix)) yield key;
        }
      }
    },

    async *folders(prefix) {
      for await (const xml of objects({ prefix, delimiter: "/" })) yield* namesOf(xml, prefix);
      const seen = new Set<string>();
      for await (const { key } of multiparts(prefix)) {
        const name = key.slice(prefix.length).split("/")[0]!;
        if (!seen.has(name)) yield name;
        seen.add(name);
      }
    },

    async has(prefix) {
      const { body } = await client.send({ method: "GET", query: { "list-type": "2", prefix, "max-keys": "1" } });
      return elementsOf(body, "Contents").length > 0;
    },

    async copy(from, to, length, options) {
      const { body } = await client.send({
        method: "PUT",
        key: to,
        headers: { ...headersOf(options), "x-amz-copy-source": sourceOf(from), "x-amz-metadata-directive": "REPLACE" },
        moved: length,
      });
      // The body is the answer, as with a completion.
      needed(textOf(body, "ETag"), "ETag");
    },

    async begin(key, options) {
      const { body } = await client.send({ method: "POST", key, query: { uploads: "" }, headers: headersOf(options) });
      return { key, uploadId: needed(textOf(body, "UploadId"), "upload id") };
    },

    async putPart({ key, uploadId }, number, body) {
      const query = { partNumber: String(number), uploadId };
      const { headers } = await client.send({ method: "PUT", key, query, body });
      return unquoted(needed(headers.etag, "ETag"));
    },

    async copyPart({ key, uploadId }, number, { key: from, from: start, size }) {
      const { body } = await client.send({
        method: "PUT",
        key,
        query: { partNumber: String(number), uploadId },
        headers: {
          "x-amz-copy-source": sourceOf(from),
          "x-amz-copy-source-range": `bytes=${start}-${start + size - 1}`,
        },
        moved: size,
      });
      return unquoted(needed(textOf(body, "ETag"), "ETag"));
    },

    async complete({ key, uploadId }, listed, length, options) {
      const parts = listed.map(({ number, etag }) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${encodedForXml(etag)}&quot;</ETag></Part>`
      );
      const body = bodyOf(new TextEncoder().encode(
        `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
          parts.join("")
        }</CompleteMultipartUpload>`,
      ));
      const headers = { "content-type": "application/xml", ...options?.ifNone && { "if-none-match": "*" } };
      const answer = await client.send({ method: "POST", key, query: { uploadId }, headers, body, moved: length });
      // The body is the answer: without a result the server has not done it.
      needed(elementsOf(answer.body, "CompleteMultipartUploadResult")[0], "result");
    },

    async abort({ key, uploadId }) {
      await ignoringMissing(client.send({ method: "DELETE", key, query: { uploadId } }));
    },

    async parts({ key, uploadId }) {
      const found: ListedPart[] = [];
      let marker = "";
      while (true) {
        const query = { uploadId, ...marker !== "" && { "part-number-marker": marker } };
        const { body } = await client.send({ method: "GET", key, query });
        for (const part of elementsOf(body, "Part")) {
          const [number, size] = [Number(textOf(part, "PartNumber")), Number(textOf(part, "Size"))];
          found.push({ number, size, etag: unquoted(needed(textOf(part, "ETag"), "ETag")) });
        }
        const next = textOf(body, "NextPartNumberMarker");
        if (textOf(body, "IsTruncated") !== "true" || next === undefined || next === marker) return found;
        marker = next;
      }
    },

    multiparts,
  };
}

/** The body of a request that has all its bytes in memory. */
export function bodyOf(...pieces: readonly Uint8Array[]): Body {
  return { length: pieces.reduce((sum, { length }) => sum + length, 0), pieces: () => pieces };
}

function headersOf({ metadata = {}, ifNone = false }: PutOptions = {}): Record<string, string> {
  const pairs = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    "content-type": "application/octet-stream",
    ...ifNone && { "if-none-match": "*" },
    ...Object.fromEntries(pairs),
  };
}

function requestOf({ key, from, size }: Source) {
  return { method: "GET", key, headers: { range: `bytes=${from}-${from + size - 1}` } } as const;
}

function infoOf(headers: Readonly<Record<string, string>>): ObjectInfo {
  const madeAt = Date.parse(headers["last-modified"] ?? "");
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"))
    .map(([name, value]) => [name.slice("x-amz-meta-".length), value]);
  return {
    length: Number(headers["content-length"] ?? 0),
    madeAt: Number.isNaN(madeAt) ? undefined : madeAt,
    etag: headers.etag,
    metadata: Object.fromEntries(metadata),
  };
}

function namesOf(xml: string, prefix: string): string[] {
  return elementsOf(xml, "CommonPrefixes").map((common) => textOf(common, "Prefix") ?? "")
    .filter((name) => name.startsWith(prefix) && name.endsWith("/")).map((name) => name.slice(prefix.length, -1));
}

async function ignoringMissing(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

function needed(text: string | undefined, what: string): string {
  if (text !== undefined) return text;
  throw new Error(`The S3 server's answer has no ${what}`);
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, "");
}
