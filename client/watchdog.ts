import type { Clock } from "./clock.ts";
import type { Transport, TransportAnswer, TransportRequest } from "./transport.ts";

/** How long a request may stand still before it counts as dead. */
export interface Patience {
  /** While the body is on its way, or when nothing is to be sent and only a count is asked for. */
  stallSeconds: number;
  /** After the last byte of the body has left: the server may still have to write or to verify. */
  answerSeconds: number;
}

/**
 * Sends `request` by `transport`, and aborts and rejects when nothing has moved for too long: a network can die without
 * a word, and a browser would wait for hours.
 */
export async function sendWatched(
  transport: Transport,
  request: TransportRequest,
  { stallSeconds, answerSeconds, clock }: Patience & { clock: Clock },
): Promise<TransportAnswer> {
  const stalled = new AbortController();
  const ended = new AbortController();
  const bodyBytes = request.body?.size;
  let sentBytes = 0;
  let movedAt = clock.now();

  async function watch(): Promise<void> {
    while (!ended.signal.aborted) {
      const limitSeconds = sentBytes === bodyBytes ? answerSeconds : stallSeconds;
      const leftSeconds = movedAt + limitSeconds - clock.now();
      if (leftSeconds <= 0) return stalled.abort(new Error(`Nothing has moved for ${limitSeconds} seconds`));
      await clock.wait(leftSeconds, ended.signal);
    }
  }

  const onSent = (bytes: number) => {
    if (bytes > sentBytes) movedAt = clock.now();
    sentBytes = bytes;
    request.onSent?.(bytes);
  };
  const signal = AbortSignal.any([request.signal, stalled.signal]);
  watch();
  try {
    return await transport({ ...request, onSent, signal });
  } finally {
    ended.abort();
  }
}
