import { isDiskFull } from "../errors.ts";
import type { Appender } from "../storage/store.ts";
import { type BodySource, openBody } from "./body_source.ts";
import { BacklogError } from "./chunked_body.ts";
import type { Pauses } from "./pauses.ts";
import type { SpareBuffers } from "./spare_buffers.ts";

/** Why a request is asked to stop receiving. */
export type StopReason = "taken-over" | "shutdown";

/** How a request's body ended. The bytes that came before are kept, whatever the end. `whole` means that all came. */
export type End =
  | "whole"
  | "disconnected"
  | "too-long"
  | "idle"
  | "too-slow"
  | "too-short-chunks"
  | "disk-full"
  | "failed"
  | StopReason;

/** The result of receiving a body. */
export interface Received {
  /** How many of the body's bytes were appended. */
  readonly received: number;
  readonly end: End;
  /** The error, if the end is `disconnected`, `too-short-chunks`, `disk-full` or `failed`. */
  readonly error?: unknown;
}

/** How a body is received. */
export interface ReceiveOptions {
  /** The most bytes that the body may have. A piece that goes past the limit is not appended. */
  readonly limit: number;
  /** The length of the body that the client announced, in bytes. A body with fewer bytes was cut off. */
  readonly expected: number | undefined;
  /** Asked when a body of unknown length has ended: true when the client broke it off. By default its end tells. */
  readonly isBrokenOff?: () => Promise<boolean>;
  /** How long the client may send nothing. */
  readonly idleMs: number;
  /** The slowest average speed, in bytes per second; 0 for no limit. */
  readonly minBytesPerSecond: number;
  /** How long the body may be slow at its start. */
  readonly rateGraceMs: number;
  /** Ends the body when it aborts. Its reason becomes the end. */
  readonly stop: AbortSignal;
  /** The pauses that all bodies make together. */
  readonly pauses: Pauses;
  /** The memory that bodies leave to later ones. */
  readonly buffers: SpareBuffers;
  /** Called when a piece came, before it is written. */
  onArrived(bytes: number): void;
  /** Called when the body has ended, however it did, with the number of its bytes that came within the limit. */
  onEnded?(body: ReadableStream, bytes: number): void;
  /**
   * Called for each piece after it was written. It must not keep the piece. If it throws, the body ends as `failed`.
   */
  onPiece(piece: Uint8Array): void;
}

/**
 * Appends a request's body to a file. Resolves when the body ends, and never throws. Every byte that came is appended,
 * but for the piece that goes past `limit`. Nothing is flushed here. Bytes that the client sends after the end stay in
 * the body.
 */
export async function receive(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  appender: Pick<Appender, "length" | "write">,
  options: ReceiveOptions,
): Promise<Received> {
  const start = appender.length;
  const ended = (end: End, error?: unknown): Received => ({ received: appender.length - start, end, error });
  if (body === null) return ended(options.expected ? "disconnected" : "whole");

  const source = openBody(body, options.expected, options);
  using watchdog = watchBody(source, options);
  let arrived = 0;
  /** The write that runs, or the last one. It gives its failure, if it fails. */
  let writing: Promise<Failure | undefined> = Promise.resolve(undefined);

  async function write(piece: Uint8Array): Promise<Failure | undefined> {
    watchdog.begins();
    try {
      await appender.write(piece);
      options.onPiece(piece);
    } catch (cause) {
      return { cause };
    } finally {
      watchdog.heard(piece.length);
    }
  }

  /** Reads and writes until the body ends. Gives the end if this loop has found it: `too-long`. */
  async function readOn(): Promise<End | undefined> {
    // The runtime ensures that a body is not longer than its announced length.
    while (arrived !== options.expected) {
      const piece = await source.read();
      if (await writing !== undefined) return;
      // A request that takes over starts at the byte we had when it arrived, so later bytes are dropped.
      if (piece === undefined || watchdog.reason === "taken-over") return;
      options.onArrived(piece.length);
      if (piece.length > options.limit - arrived) return "too-long";
      arrived += piece.length;
      writing = write(piece);
      // The next read runs beside this write only if the client fills large buffers. Slower clients gain nothing by it.
      if (!source.isKept && await writing !== undefined) return;
    }
  }

  // Deno gives every byte that came before it throws for a lost client (BadResource, Http or a plain Error).
  const { end, error } = await readOn().then((end) => ({ end, error: undefined }), (error: unknown) => {
    return { end: error instanceof BacklogError ? "too-short-chunks" as const : "disconnected" as const, error };
  });
  const failure = await writing;
  source.release();
  options.onEnded?.(body, arrived);
  if (failure !== undefined) return ended(isDiskFull(failure.cause) ? "disk-full" : "failed", failure.cause);
  if (end !== undefined) return ended(end, error);
  // A body whose bytes all came is whole, even if it was asked to stop meanwhile.
  if (arrived === options.expected) return ended("whole");
  if (watchdog.reason !== undefined) return ended(watchdog.reason);
  if (options.expected !== undefined || await options.isBrokenOff?.() === true) return ended("disconnected");
  return ended("whole");
}

interface Failure {
  readonly cause: unknown;
}

interface Watchdog extends Disposable {
  /** Says that a piece is being written. Until it is, the client is neither silent nor slow: it waits for the server. */
  begins(): void;
  /** Reports a written piece. The client is timed from here. */
  heard(bytes: number): void;
  /** The reason why the watchdog ended the body; `undefined` if it did not. */
  readonly reason: End | undefined;
}

/** Ends a body when its client is silent for too long or too slow, or when `stop` aborts. */
function watchBody(source: BodySource, { idleMs, minBytesPerSecond, rateGraceMs, stop }: ReceiveOptions): Watchdog {
  const startedAt = performance.now();
  let reason: End | undefined;
  let heardAt = startedAt;
  let heardBytes = 0;
  let writingSince: number | undefined;
  let writtenMs = 0;
  let rateTimer = minBytesPerSecond > 0 ? setTimeout(checkRate, rateGraceMs) : undefined;
  let idleTimer = setTimeout(checkIdle, idleMs);

  function end(why: End): void {
    reason ??= why;
    source.end();
  }
  function checkIdle(): void {
    if (writingSince !== undefined) heardAt = performance.now();
    const remainingMs = heardAt + idleMs - performance.now();
    if (remainingMs <= 0) end("idle");
    else idleTimer = setTimeout(checkIdle, remainingMs);
  }
  function checkRate(): void {
    // This is the time until the bytes so far are too few. Until then there is nothing to check.
    const remainingMs = startedAt + writtenMs + heardBytes / minBytesPerSecond * 1000 - performance.now();
    if (writingSince !== undefined) rateTimer = setTimeout(checkRate, rateGraceMs);
    else if (remainingMs <= 0) end("too-slow");
    else rateTimer = setTimeout(checkRate, Math.min(remainingMs, rateGraceMs));
  }
  function onStop(): void {
    end(stop.reason as StopReason);
  }

  stop.addEventListener("abort", onStop);
  if (stop.aborted) onStop();
  return {
    begins() {
      writingSince = performance.now();
    },
    heard(bytes) {
      heardAt = performance.now();
      writtenMs += heardAt - (writingSince ?? heardAt);
      writingSince = undefined;
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
