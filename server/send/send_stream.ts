import { type Transport, UploadError } from "../../client/mod.ts";
import { hrefOn } from "../../client/protocol/address.ts";
import { describeFile, present } from "../../client/protocol/requests.ts";
import { Speedometer } from "../../client/upload/speed.ts";
import { typeByExtension } from "@std/media-types";
import { extname } from "@std/path";
import { failureOf } from "./failure.ts";
import { oneAhead, piecesOf } from "./pieces_of.ts";
import type { Report, Sending, Sum } from "./report.ts";
import { StreamUpload } from "./stream_upload.ts";

/** How many bytes lie in memory until the server has them: a cut costs no more than these. */
const PIECE_BYTES = 8 * 2 ** 20;
const CANCEL_MS = 5000;

/** The things that {@linkcode sendStream} works with. */
export interface SendStreamDeps {
  readonly endpoint: string;
  /** A transport that sends the headers of the visitor. */
  readonly transport: Transport;
  /** The path on the server, with `/`. */
  readonly path: string;
  readonly tries: number;
  readonly mayRead: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** A clock in milliseconds. */
  readonly now: () => number;
  readonly pieceBytes?: number;
}

/** Sends a stream as one file. Resolves to true when the server has all of it. Never rejects. */
export async function sendStream(
  stream: ReadableStream<Uint8Array>,
  { path, report, signal, mayRead, now, pieceBytes = PIECE_BYTES, ...deps }: SendStreamDeps,
): Promise<boolean> {
  const name = path.split("/").at(-1)!;
  const { "X-File-Size": _, ...told } = describeFile({
    file: { name, size: 0, type: typeByExtension(extname(name)) ?? "", lastModified: NaN },
    path: path === name ? undefined : path,
  });
  const speed = new Speedometer(now());
  let confirmed = 0;
  let sent = 0;
  const file = (more: Partial<Sending>): Sending => ({
    key: "stream",
    path,
    state: "sending",
    confirmed,
    sent,
    size: undefined,
    bytesPerSecond: speed.bytesPerSecond,
    remainingMs: undefined,
    ...more,
  });
  const sum = (more: Partial<Sum> = {}): Sum => ({ ...file({}), files: 1, done: 0, failed: 0, ...more });
  const upload = new StreamUpload({
    ...deps,
    id: crypto.randomUUID(),
    facts: present(told),
    signal,
    events: {
      moved(safe, departed) {
        speed.add(Math.max(0, departed - sent), now());
        speed.confirm(safe - confirmed, now());
        [confirmed, sent] = [safe, departed];
        report.progress(file({}), sum());
      },
      waiting: (problem, retryInMs) => report.progress(file({ state: "waiting", problem, retryInMs }), sum()),
    },
  });
  report.begin({ files: 1, size: undefined });
  let size = 0;
  try {
    for await (const piece of oneAhead(piecesOf(untilAborted(stream, signal), pieceBytes))) {
      size = piece.start + piece.bytes.length;
      if (!await upload.send(piece)) break;
      if (!piece.isLast) continue;
      const url = upload.location === undefined || !mayRead ? undefined : hrefOn(deps.endpoint, upload.location);
      report.done({ key: "stream", path, size }, url, sum({ done: 1, size }));
      return true;
    }
  } catch (error) {
    if (!signal.aborted) {
      const known = error instanceof UploadError;
      const failure = known
        ? failureOf(error, { goesOn: false })
        : { code: "not-read", message: `Standard input cannot be read: ${error}` };
      report.failed({ key: "stream", path, ...failure }, sum({ failed: 1 }));
    }
  }
  await upload.cancel(AbortSignal.timeout(CANCEL_MS));
  return false;
}

/** Ends a stream with an error when `signal` aborts, although nothing comes out of it. */
function untilAborted(stream: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  return stream.pipeThrough(new TransformStream(), { signal });
}
