import { createHash } from "node:crypto";
import { RequestSizes, systemClock, type Transport, type TransportAnswer, UploadError } from "../../client/mod.ts";
import { type Meaning, readStatus, readUpload } from "../../client/protocol/answer.ts";
import { problem } from "../../client/protocol/problem.ts";
import { sendWatched, Stalled } from "../../client/protocol/watchdog.ts";
import { firstState, nextStep, type SentBytes } from "../../client/upload/next_step.ts";
import { retryDelayMs } from "../../client/upload/retry.ts";
import { digestField } from "./digests.ts";
import { TAKES_NO_STREAM } from "./hello.ts";
import type { StreamPiece } from "./pieces_of.ts";

const STALL_MS = 30_000;
/** The bytes that a slow disk reads in a millisecond: the server reads the whole file once more for its digest. */
const VERIFIED_PER_MS = 1e5;

/** The events of a stream that is sent. */
export interface StreamEvents {
  /** So many bytes are safe, and so many have departed. */
  moved(confirmed: number, sent: number): void;
  waiting(problem: { code: string; message: string }, retryInMs: number): void;
}

/** The things that a {@linkcode StreamUpload} works with. */
export interface StreamDeps {
  readonly endpoint: string;
  /** A transport that sends the headers of the visitor. */
  readonly transport: Transport;
  /** The `X-File-Id`. */
  readonly id: string;
  /** The headers that tell the server what the file is. */
  readonly facts: Readonly<Record<string, string>>;
  readonly tries: number;
  readonly signal: AbortSignal;
  readonly events: StreamEvents;
}

/**
 * Uploads a stream whose length nobody knows before its end. The server learns the length, and the digest of all bytes,
 * with the last piece. After a cut only the piece that is under way is sent again.
 */
export class StreamUpload {
  readonly #deps: StreamDeps;
  readonly #sizes = new RequestSizes();
  readonly #hash = createHash("sha256");
  /** The address of the upload on the server. */
  location: string | undefined;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** Sends the next piece. Resolves to false when `signal` aborts. Rejects with an `UploadError`. */
  async send(piece: StreamPiece): Promise<boolean> {
    const { signal, tries, events } = this.#deps;
    const { start, bytes, isLast } = piece;
    const end = start + bytes.length;
    this.#hash.update(bytes);
    const digest = isLast ? digestField(this.#hash.copy().digest("base64")) : undefined;
    // An empty last piece may tell the length of bytes that are all there.
    let state = firstState(start);
    while (!signal.aborted) {
      const from = state.offset;
      if (from !== undefined && from < start) throw hasLost(from);
      const body = from === undefined ? undefined : bytes.subarray(from - start, from - start + this.#sizes.bytes);
      const bound = from === undefined ? end : from + body!.length;
      const last = isLast && bound === end ? { size: end, digest: digest! } : undefined;
      const beganAt = systemClock.now();
      const { meaning, sent } = await this.#exchange(from, body, { end, last });
      if (signal.aborted) return false;
      if (meaning.kind === "complete" && !isLast) throw isTooOld();
      if (meaning.kind === "held") {
        const { unclear } = state;
        if (unclear !== undefined) {
          this.#sizes.broken(unclear.departed, meaning.offset - unclear.start, unclear.bytes);
        }
        if (sent !== undefined && meaning.offset === bound) {
          this.#sizes.answered(sent.bytes, systemClock.now() - beganAt);
        }
        events.moved(meaning.offset, meaning.offset);
        if (meaning.offset === end && !isLast) return true;
      }
      const next = nextStep(state, { meaning }, { sent, tries });
      state = next.state;
      const { step } = next;
      if (step.kind === "complete") return true;
      if (step.kind === "failed" || step.kind === "signed-out") throw step.error;
      if (step.kind === "too-much" && !this.#sizes.refused(sent?.bytes ?? 0)) throw step.error;
      if (step.kind === "wait") {
        const ms = retryDelayMs(state.failures, Math.random(), step.retryAfterMs);
        events.waiting(step.problem, ms);
        await systemClock.wait(ms, signal);
      }
    }
    return false;
  }

  /** Has the server remove what it holds, because nobody can go on with a stream that has ended. */
  async cancel(signal: AbortSignal): Promise<void> {
    const { endpoint, transport, id } = this.#deps;
    const request = { method: "DELETE", url: `${endpoint}/upload`, headers: { "X-File-Id": id }, signal } as const;
    await transport(request).catch(() => {});
  }

  /** Asks, or sends `body` from the byte `from` on. */
  async #exchange(
    from: number | undefined,
    body: Uint8Array<ArrayBuffer> | undefined,
    { end, last }: { end: number; last: { size: number; digest: string } | undefined },
  ): Promise<{ meaning: Meaning; sent?: SentBytes }> {
    const { endpoint, id, facts, events } = this.#deps;
    if (from === undefined || body === undefined) {
      const request = { method: "GET", url: `${endpoint}/status`, headers: { "X-File-Id": id } } as const;
      return { meaning: await this.#read(request, STALL_MS, (answer) => readStatus(answer, end)) };
    }
    const contentDigest = digestField(createHash("sha256").update(body).digest("base64"));
    const headers = {
      ...facts,
      "X-File-Id": id,
      "X-Start-Byte": String(from),
      "X-Start-Over": "?0",
      "Content-Digest": contentDigest,
      ...last === undefined
        ? { "Upload-Defer-Length": "1" }
        : { "X-File-Size": String(last.size), "Repr-Digest": last.digest },
    };
    let departed = 0;
    const onSent = (count: number) => {
      departed = count;
      events.moved(from, from + count);
    };
    const request = { method: "POST", url: `${endpoint}/upload`, headers, body: new Blob([body]), onSent } as const;
    const answerMs = STALL_MS + (last === undefined ? 0 : last.size / VERIFIED_PER_MS);
    // Bytes of an earlier, larger body may reach further than the present one.
    const meaning = await this.#read(request, answerMs, (answer) => readUpload(answer, from, end));
    return { meaning, sent: { start: from, bytes: body.length, departed } };
  }

  async #read(
    request: Omit<Parameters<Transport>[0], "signal">,
    answerMs: number,
    read: (answer: TransportAnswer) => Meaning,
  ): Promise<Meaning> {
    const { transport, signal } = this.#deps;
    try {
      const watched = { stallMs: STALL_MS, answerMs, clock: systemClock };
      const answer = await sendWatched(transport, { ...request, signal }, watched);
      this.location = answer.headers.get("location") ?? this.location;
      return read(answer);
    } catch (error) {
      if (error instanceof UploadError) throw error;
      return { kind: "retry", problem: problem(error instanceof Stalled ? "stalled" : "connection") };
    }
  }
}

function hasLost(offset: number): UploadError {
  return new UploadError(
    "gone",
    `The server has only the first ${offset} bytes now, and the rest has gone by: send again`,
  );
}

function isTooOld(): UploadError {
  return new UploadError("refused", TAKES_NO_STREAM);
}
