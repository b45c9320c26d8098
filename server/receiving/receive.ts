import { isDiskFull } from "../errors.ts";
import type { Appender } from "../storage/store.ts";
import { type BodySource, openBody } from "./body_source.ts";
import { BacklogError } from "./chunked_body.ts";

/** Why a request is asked to stop receiving. */
export type StopReason = "taken-over" | "shutdown";

/** How a request's body came to its end. Whatever the end, the bytes before it are kept. */
export type End =
  | "complete"
  | "disconnected"
  | "too-long"
  | "idle"
  | "too-slow"
  | "too-short-chunks"
  | "disk-full"
  | "failed"
  | StopReason;

export interface Received {
  /** How many of the body's bytes were appended. */
  readonly received: number;
  readonly end: End;
  /** What was thrown, where the end is `disconnected`, `too-short-chunks`, `disk-full` or `failed`. */
  readonly error?: unknown;
}

export interface ReceiveOptions {
  /** The most bytes that there is room for: a read that goes past it is not appended. */
  readonly limit: number;
  /** What the client said that the body's length is; fewer bytes mean that it was cut off. */
  readonly expected: number | undefined;
  /** How long the client may send nothing. */
  readonly idleMs: number;
  /** The slowest that the body may come, on average, in bytes per second; 0 for any. */
  readonly minBytesPerSecond: number;
  /** How long the body may come at any speed. */
  readonly rateGraceMs: number;
  /** Ends the body, with what has arrived; its reason is the end that is returned. */
  readonly stop: AbortSignal;
  /** Called when a piece has arrived, before it is written. */
  onArrived(bytes: number): void;
  /** Called for each piece after it was written; it must not keep the piece. What it throws ends the body as `failed`. */
  onPiece(piece: Uint8Array): void;
}

/**
 * Appends a request's body to a file, and returns, never throws, when it ends. Nothing that arrived is thrown away, but
 * the read that crosses `limit`. Nothing is flushed here. What the client sends after the end stays in the body.
 */
export async function receive(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  appender: Pick<Appender, "length" | "write">,
  options: ReceiveOptions,
): Promise<Received> {
  const start = appender.length;
  const ended = (end: End, error?: unknown): Received => ({ received: appender.length - start, end, error });
  if (body === null) return ended(options.expected ? "disconnected" : "complete");

  const source = openBody(body, options.expected);
  using patience = watch(source, options);
  let arrived = 0;
  /** The write that goes on, or the last one; it gives what it has failed with. */
  let writing: Promise<Failure | undefined> = Promise.resolve(undefined);

  async function write(piece: Uint8Array): Promise<Failure | undefined> {
    try {
      await appender.write(piece);
      options.onPiece(piece);
      patience.heard(piece.length);
    } catch (cause) {
      return { cause };
    }
  }

  /** Gives the end that the body has come to, where it is not for others to tell. */
  async function readOn(): Promise<End | undefined> {
    // The runtime holds a body to the length that its client has told.
    while (arrived !== options.expected) {
      const piece = await source.read();
      if (await writing !== undefined) return;
      // Who has taken over goes on from what had arrived when it came: not a byte more.
      if (piece === undefined || patience.reason === "taken-over") return;
      options.onArrived(piece.length);
      if (piece.length > options.limit - arrived) return "too-long";
      arrived += piece.length;
      writing = write(piece);
      // A client that fills the buffers goes on sending meanwhile; with any other there is nothing to be gained.
      if (!source.isKept && await writing !== undefined) return;
    }
  }

  // Deno gives every byte that came before it throws for a lost client: BadResource, Http or a plain Error.
  const { end, error } = await readOn().then((end) => ({ end, error: undefined }), (error: unknown) => {
    return { end: error instanceof BacklogError ? "too-short-chunks" as const : "disconnected" as const, error };
  });
  const failure = await writing;
  source.leave();
  if (failure !== undefined) return ended(isDiskFull(failure.cause) ? "disk-full" : "failed", failure.cause);
  if (end !== undefined) return ended(end, error);
  // A body that has come whole is complete, even if it was asked to stop with its last bytes.
  if (arrived === options.expected) return ended("complete");
  if (patience.reason !== undefined) return ended(patience.reason);
  return ended(options.expected === undefined ? "complete" : "disconnected");
}

interface Failure {
  readonly cause: unknown;
}

interface Watch extends Disposable {
  /** A piece is written: a slow disk is not a silent client. */
  heard(bytes: number): void;
  /** Why the watch ended the body, if it did. */
  readonly reason: End | undefined;
}

/** Ends a body whose client is silent for too long, or too slow, or that is asked to stop. */
function watch(source: BodySource, { idleMs, minBytesPerSecond, rateGraceMs, stop }: ReceiveOptions): Watch {
  const startedAt = performance.now();
  let reason: End | undefined;
  let heardAt = startedAt;
  let heardBytes = 0;
  let rateTimer = minBytesPerSecond > 0 ? setTimeout(checkRate, rateGraceMs) : undefined;
  let idleTimer = setTimeout(checkIdle, idleMs);

  function end(why: End): void {
    reason ??= why;
    source.end();
  }
  function checkIdle(): void {
    const left = heardAt + idleMs - performance.now();
    if (left <= 0) end("idle");
    else idleTimer = setTimeout(checkIdle, left);
  }
  function checkRate(): void {
    // When the bytes so far will have been too few: until then there is nothing to look at.
    const left = startedAt + heardBytes / minBytesPerSecond * 1000 - performance.now();
    if (left <= 0) end("too-slow");
    else rateTimer = setTimeout(checkRate, Math.min(left, rateGraceMs));
  }
  function onStop(): void {
    end(stop.reason as StopReason);
  }

  stop.addEventListener("abort", onStop);
  if (stop.aborted) onStop();
  return {
    heard(bytes) {
      heardAt = performance.now();
      heardBytes += bytes;
    },
    get reason() {
      return reason;
    },
    [Symbol.dispose]() {
      clearTimeout(idleTimer);
      clearTimeout(rateTimer);
      stop.removeEventListener("abort", onStop);
    },
  };
}
