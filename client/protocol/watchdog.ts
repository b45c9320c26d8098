import type { Clock } from "../async/clock.ts";
import { during } from "../async/during.ts";
import type { Transport, TransportAnswer, TransportRequest } from "./transport.ts";

/** How long nothing moves before the body is read as a test. Some browsers never report that a file is gone. */
const LOOK_MS = 3000;

/** The reason why a request was aborted when nothing had moved for too long. */
export class Stalled extends Error {}

/** The reason why a request was aborted whose body took too long. Something on the way would have cut it soon. */
export class TooSlow extends Error {}

/** How long a request may stand still before it counts as dead. */
export interface Patience {
  /** How long nothing may move while the body is on its way, or when a request has no body, in milliseconds. */
  stallMs: number;
  /**
   * How long the answer may take after the last byte of the body has departed. The server may have to write, or to
   * check the file.
   */
  answerMs: number;
  /** How long the body may be on its way altogether. Default: any time. */
  bodyMs?: number;
  /** Rejects when the body cannot be read any more. The request then ends with the same error. */
  look?: (body: Blob) => Promise<void>;
}

/**
 * Sends `request` by `transport`. Aborts it and rejects when nothing has moved for too long, because a network can die
 * without a sign, and a browser would wait for hours.
 */
export async function sendWatched(
  transport: Transport,
  request: TransportRequest,
  { stallMs, answerMs, bodyMs = Infinity, look, clock }: Patience & { clock: Clock },
): Promise<TransportAnswer> {
  const stalled = new AbortController();
  const { body } = request;
  let sentBytes = 0;
  const beganAt = clock.now();
  let movedAt = beganAt;
  /** The value of `movedAt` at the last look. */
  let lookedAfter: number | undefined;

  /**
   * If no byte has moved for a while, looks once whether the body can still be read. Gives the milliseconds until this
   * function must be called again.
   */
  function lookIfStill(): number {
    if (look === undefined || body === undefined) return Infinity;
    const stillMs = clock.now() - movedAt;
    if (stillMs < LOOK_MS) return LOOK_MS - stillMs;
    if (lookedAfter !== movedAt) look(body).catch((reason) => stalled.abort(reason));
    lookedAfter = movedAt;
    return LOOK_MS;
  }

  async function watch(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const hasDeparted = sentBytes === body?.size;
      const limitMs = hasDeparted ? answerMs : stallMs;
      const stallsIn = movedAt + limitMs - clock.now();
      const endsIn = hasDeparted ? Infinity : beganAt + bodyMs - clock.now();
      if (stallsIn <= 0) return stalled.abort(new Stalled());
      if (endsIn <= 0) return stalled.abort(new TooSlow());
      const looksIn = hasDeparted ? Infinity : lookIfStill();
      await clock.wait(Math.min(stallsIn, endsIn, looksIn), ended);
    }
  }

  return await during(undefined, async (ended) => {
    const onSent = (bytes: number) => {
      // A late event of a request that has ended does not count.
      if (ended.aborted) return;
      if (bytes > sentBytes) movedAt = clock.now();
      sentBytes = bytes;
      request.onSent?.(bytes);
    };
    const onText = (text: string) => {
      if (ended.aborted) return;
      movedAt = clock.now();
      request.onText?.(text);
    };
    const signal = AbortSignal.any([request.signal, stalled.signal]);
    watch(ended);
    return await transport({ ...request, onSent, ...request.onText !== undefined && { onText }, signal });
  });
}
