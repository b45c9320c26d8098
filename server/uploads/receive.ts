import { isDiskFull } from "../errors.ts";
import type { Appender } from "../storage/store.ts";
import type { StopReason } from "./takeover.ts";

/** How a request's body came to its end. Whatever the end, the bytes before it are kept. */
export type End =
  | "complete"
  | "disconnected"
  | "too-long"
  | "idle"
  | "disk-full"
  | "failed"
  | StopReason;

export interface Received {
  /** How many of the body's bytes were appended. */
  readonly received: number;
  readonly end: End;
  /** What was thrown, where the end is `disconnected`, `disk-full` or `failed`. */
  readonly error?: unknown;
}

export interface ReceiveOptions {
  /** The most bytes that there is room for: a read that goes past it is not appended. */
  readonly limit: number;
  /** What the client said that the body's length is; fewer bytes mean that it was cut off. */
  readonly expected: number | undefined;
  /** How long the client may send nothing. */
  readonly idleMs: number;
  /** Ends the body, with what has arrived; its reason is the end that is returned. */
  readonly stop: AbortSignal;
  /** Called for each piece after it was written; it must not keep the piece. What it throws ends the body as `failed`. */
  onPiece(piece: Uint8Array): void;
}

/** A stopped body may still hold bytes that arrived: read until nothing comes for this long … */
const LAST_BYTES_MS = 3;
/** … but no longer than this, however fast its client goes on sending. */
const LAST_BYTES_MAX_MS = 25;

/**
 * Appends a request's body to a file, and returns, never throws, when it ends. Nothing that arrived is thrown away, but
 * the read that crosses `limit`. Nothing is flushed here.
 */
export async function receive(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  appender: Appender,
  options: ReceiveOptions,
): Promise<Received> {
  const start = appender.length;
  const ended = (end: End, error?: unknown): Received => ({ received: appender.length - start, end, error });
  if (body === null) return ended(options.expected ? "disconnected" : "complete");

  const source = openSource(body);
  const patience = watch(source, options);
  try {
    for (;;) {
      const piece = await source.read();
      if (piece === undefined) break;
      const room = options.limit - (appender.length - start);
      if (piece.length > room) {
        await source.cancel();
        return ended("too-long");
      }
      try {
        await appender.write(piece);
        options.onPiece(piece);
      } catch (error) {
        await source.cancel();
        return ended(isDiskFull(error) ? "disk-full" : "failed", error);
      }
      // A slow disk is not a silent client.
      patience.heard();
    }
  } catch (error) {
    // Deno gives every byte that came before it throws for a lost client: BadResource, Http or a plain Error.
    return ended("disconnected", error);
  } finally {
    patience.end();
  }
  const cancelled = patience.reason();
  const all = options.expected === undefined || appender.length - start === options.expected;
  // A body that is whole is complete, even if it was asked to stop with its last bytes.
  if (cancelled !== undefined) return ended(options.expected !== undefined && all ? "complete" : cancelled);
  return ended(all ? "complete" : "disconnected");
}

interface Source {
  /** The next bytes, in a buffer that the next call may use again; `undefined` at the end, and after `cancel`. */
  read(): Promise<Uint8Array | undefined>;
  /** Ends the body; a read that waits ends too. Never throws. */
  cancel(): Promise<void>;
}

const SMALLEST_BUFFER = 16 * 1024;
const LARGEST_BUFFER = 1024 * 1024;

/** Reads with one buffer, used again and again, that grows while reads fill it; a slow client costs little memory. */
function openSource(body: ReadableStream<Uint8Array<ArrayBuffer>>): Source {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // A small body comes as a stream of another kind, whole in one or a few pieces.
    const plain = body.getReader();
    return { read: async () => (await plain.read()).value, cancel: () => plain.cancel().catch(() => {}) };
  }
  let buffer = new Uint8Array(SMALLEST_BUFFER);
  return {
    async read() {
      const { value, done } = await reader.read(buffer);
      if (done || value === undefined) return undefined;
      const filled = value.length === value.buffer.byteLength;
      buffer = filled && value.length < LARGEST_BUFFER
        ? new Uint8Array(value.length * 4)
        : new Uint8Array(value.buffer);
      return value;
    },
    cancel: () => reader.cancel().catch(() => {}),
  };
}

interface Watch {
  heard(): void;
  /** Why the watch ended the body, if it did. */
  reason(): End | undefined;
  end(): void;
}

/** Ends a body whose client is silent for too long, or that is asked to stop. */
function watch(source: Source, { idleMs, stop }: ReceiveOptions): Watch {
  let reason: End | undefined;
  let heardAt = performance.now();
  let idleTimer = setTimeout(checkIdle, idleMs);
  let stopTimer: ReturnType<typeof setTimeout> | undefined;

  function cancel(why: End): void {
    reason ??= why;
    source.cancel();
  }
  function checkIdle(): void {
    const left = heardAt + idleMs - performance.now();
    if (left <= 0) cancel("idle");
    else idleTimer = setTimeout(checkIdle, left);
  }
  function onStop(): void {
    const stoppedAt = performance.now();
    const checkStop = () => {
      const now = performance.now();
      const quietFor = now - Math.max(heardAt, stoppedAt);
      if (quietFor >= LAST_BYTES_MS || now - stoppedAt >= LAST_BYTES_MAX_MS) cancel(stop.reason as StopReason);
      else stopTimer = setTimeout(checkStop, 1);
    };
    checkStop();
  }

  stop.addEventListener("abort", onStop);
  if (stop.aborted) onStop();
  return {
    heard: () => void (heardAt = performance.now()),
    reason: () => reason,
    end() {
      clearTimeout(idleTimer);
      clearTimeout(stopTimer);
      stop.removeEventListener("abort", onStop);
    },
  };
}
