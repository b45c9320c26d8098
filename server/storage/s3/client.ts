import { createHash } from "node:crypto";
import type { BucketAddress } from "./address.ts";
import type { Credentials, CredentialsSource } from "./credentials.ts";
import { encodedForUrl, encodedKey } from "./keys.ts";
import { BrokenConnection, errorOf, isExpiredKey, isPassing } from "./s3_error.ts";
import { ServerClock } from "./server_clock.ts";
import { Signer } from "./signer.ts";
import type { Body, OpenAnswer, Transport, WireAnswer, WireRequest } from "./transport.ts";

/** A request for the bucket, or for one of its objects. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The object's key; left out for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** True for a request that servers take with a checksum of its body only. */
  readonly needsChecksum?: boolean;
  /**
   * How many bytes the server moves by itself for it. That may take long: as long as bytes of the answer come, even white
   * space, the server is at work.
   */
  readonly moved?: number;
}

/** Asks one bucket of an S3 server. */
export interface S3Client {
  /**
   * Sends a request, and gives the answer of a success. An answer 200 whose body tells of an error is an error. Throws
   * `S3Error`, and `BrokenConnection` after the last attempt.
   */
  send(request: S3Request): Promise<WireAnswer>;
  /** The same for an answer whose body is to be read piece by piece. The caller reads it or closes it. */
  open(request: S3Request): Promise<OpenAnswer>;
}

export interface ClientOptions {
  readonly address: BucketAddress;
  /** Gives what to sign with. Called for each attempt. */
  readonly credentials: CredentialsSource;
  readonly transport: Transport;
  /** Called before each attempt, with its method and key. An error that it throws is that of the request. */
  readonly asks?: (what: string) => void | Promise<void>;
  /** Called when an attempt has succeeded. */
  readonly answered?: (what: string) => void | Promise<void>;
  /** The wait before the second attempt, in milliseconds; it doubles with each attempt. */
  readonly retryMs?: number;
  /** How long an exchange of so many MiB may take, in milliseconds; without a byte of the answer when the server moves them. */
  readonly deadlineMs?: (mebibytes: number) => number;
  /** How long the server may move bytes at the most, in milliseconds. */
  readonly longestMs?: number;
  /** This machine's clock, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** How often a request is sent. */
const ATTEMPTS = 4;
const RETRY_MS = 100;
/** Ten seconds, and one more for each MiB. */
const deadline = (mebibytes: number) => 10_000 + 1_000 * mebibytes;

/** The longest time in which a server that moves bytes may say nothing: 5 GiB at 17 MiB/s. Milliseconds. */
const LONGEST_QUIET_MS = 5 * 60 * 1000;
/** The longest time that a server may move bytes for one request, in milliseconds. */
const LONGEST_MS = 60 * 60 * 1000;

const MIB = 1024 * 1024;

export function createClient(
  {
    address,
    credentials,
    transport,
    asks = () => {},
    answered = () => {},
    retryMs = RETRY_MS,
    deadlineMs = deadline,
    longestMs = LONGEST_MS,
    now = () => Date.now(),
  }: ClientOptions,
): S3Client {
  const { endpoint, bucket, isHostStyle, region } = address;
  const root = isHostStyle ? endpoint.replace("://", `://${bucket}.`) : `${endpoint}/${bucket}`;
  const isSecure = endpoint.startsWith("https:");
  /** The day's signing keys. */
  const cache = new Map<string, ArrayBuffer>();
  const clock = new ServerClock(now);

  async function signed(
    { method, key, query = {}, headers = {}, body, needsChecksum = false, moved }: S3Request,
    { key: accessKeyId, secret: secretAccessKey, sessionToken }: Credentials,
  ): Promise<WireRequest> {
    const pairs = Object.entries(query).map(([name, value]) => `${encodedForUrl(name)}=${encodedForUrl(value)}`);
    const path = key === undefined ? isHostStyle ? "/" : "" : `/${encodedKey(key)}`;
    if (cache.size > 8) cache.clear();
    const signer = new Signer({
      method,
      url: `${root}${path}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`,
      // TLS guards the bytes. Without it, MD5 is the one checksum that all servers check.
      headers: { ...headers, ...(needsChecksum || !isSecure) && body !== undefined && await md5Of(body) },
      accessKeyId,
      secretAccessKey,
      ...sessionToken !== undefined && { sessionToken },
      service: "s3",
      region,
      cache,
      datetime: clock.text(),
    });
    const { url, headers: all } = await signer.sign();
    const waitMs = deadlineMs((moved ?? body?.length ?? 0) / MIB);
    return {
      method,
      url,
      headers: Object.fromEntries(all),
      ...body !== undefined && { body },
      ...moved === undefined
        ? { deadlineMs: waitMs }
        : { deadlineMs: longestMs, quietMs: Math.min(waitMs, LONGEST_QUIET_MS) },
    };
  }

  /** True when the server says that a key has expired, and there is another one by now. */
  async function hasOtherKey(error: unknown, own: Credentials | undefined): Promise<boolean> {
    if (own?.sessionToken === undefined || !isExpiredKey(error)) return false;
    const next = await credentials(own).catch(() => own);
    return next.key !== own.key || next.sessionToken !== own.sessionToken;
  }

  async function tried<A extends Pick<WireAnswer, "status" | "headers">>(
    request: S3Request,
    attempt: (wire: WireRequest) => Promise<A>,
    refusalOf: (answer: A, what: string) => Promise<Error | undefined>,
  ): Promise<A> {
    const what = `${request.method} ${request.key ?? bucket}`;
    for (let attempts = 1;; attempts++) {
      await asks(what);
      let isOtherTime = false;
      let own: Credentials | undefined;
      try {
        own = await credentials();
        const answer = await attempt(await signed(request, own));
        const refusal = await refusalOf(answer, what);
        if (refusal === undefined) {
          await answered(what);
          return answer;
        }
        isOtherTime = clock.learn(answer.status, answer.headers);
        throw refusal;
      } catch (error) {
        if (attempts === ATTEMPTS) throw error;
        if (!isOtherTime && !isPassing(error) && !await hasOtherKey(error, own)) throw error;
        // The server may still be moving the bytes: to ask it once more would make it move them twice at the same time.
        if (request.moved !== undefined && error instanceof BrokenConnection && error.isLate) throw error;
      }
      request.body?.again?.();
      // Half of the wait is random, so that many who failed together do not come back together.
      await wait(retryMs * 2 ** (attempts - 1) * (0.5 + Math.random() / 2));
    }
  }

  return {
    send: (request) =>
      tried(request, (wire) => transport.send(wire), ({ status, body }, what) => {
        const isDone = isSuccess(status) && !isErrorBody(body);
        return Promise.resolve(isDone ? undefined : errorOf(what, status, body));
      }),

    open: (request) =>
      tried(request, (wire) => transport.open(wire), async (answer, what) => {
        return isSuccess(answer.status) ? undefined : errorOf(what, answer.status, await textOf(answer));
      }),
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Complete and CopyObject answer 200 before they are done: the body is the answer. */
function isErrorBody(body: string): boolean {
  return /^\s*(?:<\?xml[^>]*\?>\s*)?<Error[\s>]/.test(body);
}

/** The longest body of an error that is read, in bytes. */
const MAX_ERROR = 64 * 1024;

async function textOf(answer: OpenAnswer): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of answer.pieces()) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_ERROR) break;
  }
  return text;
}

async function md5Of(body: Body): Promise<Record<string, string>> {
  const pieces = body.pieces();
  // A body that comes from elsewhere is not read twice.
  if (!(Symbol.iterator in pieces)) return {};
  const hash = createHash("md5");
  for (const piece of pieces) hash.update(piece);
  return await Promise.resolve({ "content-md5": hash.digest("base64") });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
