import { Buffer } from "node:buffer";
import { Agent } from "node:http";
import type { Readable } from "node:stream";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import * as tus from "tus-js-client";
import { sha256OfStream, type Source } from "./sources.ts";

/** A request that a client sent, and how it was answered; `status` is missing where the connection broke. */
export interface TusRequest {
  readonly method: string;
  readonly url: string;
  /** The `Upload-Offset` that it sent. */
  readonly offset: number | undefined;
  /** The `Upload-Concat` that it sent. */
  readonly concat: string | undefined;
  status?: number;
}

/** tus-js-client as a program on a user's machine runs it: it remembers its uploads, and reuses its connections. */
export interface TusClient extends AsyncDisposable {
  /** All that it has sent, in order. */
  readonly requests: TusRequest[];
  /** Makes an upload, and does not start it. */
  create(file: Buffer | Readable, options?: tus.UploadOptions): TusUpload;
  /** Uploads a file from its start to its end. */
  upload(file: Buffer | Readable, options?: tus.UploadOptions): Promise<tus.Upload>;
  /** Begins an upload, and aborts it in the middle of the request that brings it past `bytes`. */
  uploadUntil(bytes: number, file: Buffer, options?: tus.UploadOptions): Promise<tus.Upload>;
  /** Goes on with the one upload of this file that it remembers. */
  resume(file: Buffer, options?: tus.UploadOptions): Promise<tus.Upload>;
  /** The address that the client remembers for this file. */
  remembered(file: Buffer): Promise<tus.PreviousUpload[]>;
}

export interface TusUpload {
  readonly upload: tus.Upload;
  /** Starts it and waits for its end; throws what the client gave up with. */
  finish(): Promise<tus.Upload>;
}

/** A little longer than tus-js-client's own 100 ms. */
const THROTTLE_MS = 120;

/**
 * A client for this endpoint. With `keepAlive: false` each request takes a connection of its own, for tests that break
 * connections: in Deno 2.9.6 a request on one that was used before may never learn that it is broken.
 */
export function tusClient(endpoint: string, { keepAlive = true }: { keepAlive?: boolean } = {}): TusClient {
  const agent = new Agent({ keepAlive });
  const urlStorage = new MemoryUrlStorage();
  const requests: TusRequest[] = [];
  const records = new WeakMap<tus.HttpRequest, TusRequest>();

  function create(file: Buffer | Readable, options: tus.UploadOptions = {}): TusUpload {
    const end = Promise.withResolvers<void>();
    // tus-js-client takes streams too, and its types do not know.
    const upload = new tus.Upload(file as Buffer, {
      endpoint,
      urlStorage,
      httpStack: new tus.DefaultHttpStack({ agent }),
      onBeforeRequest(request) {
        const record = recordOf(request);
        records.set(request, record);
        requests.push(record);
      },
      onAfterResponse(request, response) {
        const record = records.get(request);
        if (record !== undefined) record.status = response.getStatus();
      },
      onSuccess: () => end.resolve(),
      onError: (error) => end.reject(error),
      ...options,
    });
    return {
      upload,
      async finish() {
        upload.start();
        await end.promise;
        return upload;
      },
    };
  }

  return {
    requests,
    create,
    upload: (file, options) => create(file, options).finish(),
    async uploadUntil(bytes, file, options) {
      const aborted = Promise.withResolvers<void>();
      const { upload } = create(file, {
        ...options,
        onProgress(sent) {
          if (sent > bytes) aborted.resolve(upload.abort());
        },
        onError: (error) => aborted.reject(error),
        onSuccess: () => aborted.reject(new Error(`The upload had ended before ${bytes} bytes were seen to be sent`)),
      });
      upload.start();
      await aborted.promise;
      return upload;
    },
    async resume(file, options) {
      const { upload, finish } = create(file, options);
      const [previous, ...others] = await upload.findPreviousUploads();
      if (previous === undefined || others.length > 0) throw new Error("Not one upload of this file is remembered");
      upload.resumeFromPreviousUpload(previous);
      return await finish();
    },
    remembered: (file) => create(file).upload.findPreviousUploads(),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      // Its progress is throttled by timers that nothing clears and nothing tells of.
      await new Promise((resolve) => setTimeout(resolve, THROTTLE_MS));
    },
  };
}

/** The bytes of a source, as tus-js-client takes them. */
export function bufferOf(source: Source): Buffer {
  return Buffer.from(source.bytes().buffer);
}

/** Delays for a client that tries again for ten seconds and more, and does not make a test wait. */
export const PATIENT: number[] = Array.from({ length: 200 }, (_, attempt) => attempt === 0 ? 0 : 50);

/**
 * Asserts that a finished file lies whole in the data folder under its name, and that the address of its upload, as
 * the server at `origin` has it, gives the same bytes.
 */
export async function assertWhole(
  upload: Pick<tus.Upload, "url">,
  expected: { readonly data: string; readonly name: string; readonly source: Source; readonly origin: string },
): Promise<void> {
  const { data, name, source, origin } = expected;
  const whole = { sha256: source.sha256, size: source.size };
  const file = await Deno.open(join(data, "files", name));
  assertEquals(await sha256OfStream(file.readable), whole, `${name} in the folder`);
  const answer = await fetch(new URL(new URL(upload.url ?? "", origin).pathname, origin));
  assertEquals(answer.status, 200);
  assertEquals(await sha256OfStream(answer.body ?? ReadableStream.from([])), whole, `${name} at its address`);
}

/** The offsets of the PATCH requests among these, in order. */
export function patchOffsets(requests: readonly TusRequest[]): number[] {
  return requests.filter(({ method }) => method === "PATCH").map(({ offset }) => offset ?? NaN);
}

/** How many requests of a method there are among these. */
export function countOf(method: string, requests: readonly TusRequest[]): number {
  return requests.filter((request) => request.method === method).length;
}

function recordOf(request: tus.HttpRequest): TusRequest {
  const offset = request.getHeader("Upload-Offset");
  return {
    method: request.getMethod(),
    url: request.getURL(),
    offset: offset === undefined ? undefined : Number(offset),
    concat: request.getHeader("Upload-Concat"),
  };
}

/** A store for tus-js-client in the place of a browser's localStorage. */
class MemoryUrlStorage implements tus.UrlStorage {
  readonly #uploads = new Map<string, { fingerprint: string; upload: tus.PreviousUpload }>();

  findAllUploads(): Promise<tus.PreviousUpload[]> {
    return Promise.resolve(this.#find(() => true));
  }

  findUploadsByFingerprint(wanted: string): Promise<tus.PreviousUpload[]> {
    return Promise.resolve(this.#find((fingerprint) => fingerprint === wanted));
  }

  removeUpload(urlStorageKey: string): Promise<void> {
    this.#uploads.delete(urlStorageKey);
    return Promise.resolve();
  }

  addUpload(fingerprint: string, upload: tus.PreviousUpload): Promise<string> {
    const urlStorageKey = crypto.randomUUID();
    // The stored value is a copy, because the storages that people use hold text.
    this.#uploads.set(urlStorageKey, { fingerprint, upload: { ...structuredClone(upload), urlStorageKey } });
    return Promise.resolve(urlStorageKey);
  }

  #find(matches: (fingerprint: string) => boolean): tus.PreviousUpload[] {
    return this.#uploads.values().filter(({ fingerprint }) => matches(fingerprint)).map(({ upload }) => upload)
      .toArray();
  }
}
