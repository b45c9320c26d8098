import {
  type Locks,
  type QueuedUpload,
  type RequestHeaders,
  RequestSizes,
  Seats,
  type ServerLimits,
  type Total,
  type Transport,
  UploadQueue,
  type UploadStore,
} from "../../client/mod.ts";
import { DigestThread } from "./digest_thread.ts";
import { digestOfPiece } from "./digests.ts";
import { failureOf } from "./failure.ts";
import type { Found } from "./gather.ts";
import type { Report, Sending, Sum } from "./report.ts";

/** The largest body of one request, in bytes. Its digest is computed while it is read, so it may be larger than a page's. */
export const LARGEST_BODY = 64 * 2 ** 20;

/** The things that {@linkcode sendFiles} works with. */
export interface SendFilesDeps {
  readonly endpoint: string;
  readonly transport: Transport;
  readonly headers: RequestHeaders;
  readonly limits: ServerLimits;
  readonly store: UploadStore;
  /** Keeps other programs from sending one of these files at the same time. */
  readonly locks: Locks | undefined;
  readonly jobs: number;
  readonly tries: number;
  /** True when the sender may read what it has sent, so that its address is of use. */
  readonly mayRead: boolean;
  /** True when a later run goes on where this one ends. */
  readonly goesOn: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Sends these files by the library of the page. Resolves when each has ended, or when `signal` aborts, to the numbers of
 * those that are on the server and of those that are not.
 */
export async function sendFiles(
  files: readonly Found[],
  { report, signal, mayRead, goesOn, jobs, tries, ...deps }: SendFilesDeps,
): Promise<{ done: number; failed: number }> {
  const { endpoint } = deps;
  using thread = new DigestThread();
  const queue = new UploadQueue({
    ...deps,
    tries,
    concurrency: jobs,
    fingerprintOf: (piece) => digestOfPiece(piece, thread),
    sizes: new RequestSizes({ largest: LARGEST_BODY }),
    // A program opens as many connections as it likes, and a few large files must not keep small ones waiting.
    seats: new Seats({ origin: new URL(endpoint).origin, count: { all: 2 * jobs + 1, small: jobs + 1 } }),
  });
  let isOver = false;
  const tellEnd = (upload: QueuedUpload) => {
    const { key, path, href, state, progress: { total: size, error } } = upload;
    if (state === "done") report.done({ key, path, size }, mayRead ? href : undefined, sumOf(queue.total));
    if (state !== "failed") return;
    report.failed({ key, path, ...failureOf(error, { goesOn }) }, sumOf(queue.total));
  };
  queue.on("state", (upload) => !isOver && tellEnd(upload));
  queue.on("progress", (upload) => {
    if (!isOver && !["done", "failed"].includes(upload.state)) report.progress(sendingOf(upload), sumOf(queue.total));
  });
  const stopped = Promise.withResolvers<void>();
  const onAbort = () => stopped.resolve();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  else for (const { file, path } of files) queue.add(file, { path });
  await Promise.race([queue.idle, stopped.promise]);
  isOver = true;
  signal.removeEventListener("abort", onAbort);
  const { done, failed } = queue.total.in;
  for (const upload of queue.uploads.reverse()) if (upload.isActive) upload.dismiss();
  return { done, failed };
}

function sendingOf({ key, path, state, progress }: QueuedUpload): Sending {
  const { confirmed, sent, total: size, bytesPerSecond, remainingMs, problem, retryInMs } = progress;
  return { key, path, state, confirmed, sent, size, bytesPerSecond, remainingMs, problem, retryInMs };
}

function sumOf({ files, in: { done, failed }, confirmed, sent, total, bytesPerSecond, remainingMs }: Total): Sum {
  return { files, done, failed, confirmed, sent, size: total, bytesPerSecond, remainingMs };
}
