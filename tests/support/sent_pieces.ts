// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Page, Request } from "playwright-core";

/** A `POST /upload` of a page. */
export interface SentPiece {
  readonly start: number;
  readonly beganAt: number;
  /** `undefined` while it is under way. */
  endedAt: number | undefined;
  /** `undefined` when there was no answer. */
  status: number | undefined;
  readonly digest: string | undefined;
}

/** Notes every piece that the page sends, from now on, in their order. */
export function watchPieces(page: Page): SentPiece[] {
  const pieces: SentPiece[] = [];
  const byRequest = new Map<Request, SentPiece>();
  page.on("request", (request) => {
    if (request.method() !== "POST") return;
    const headers = request.headers();
    const piece: SentPiece = {
      start: Number(headers["x-start-byte"]),
      beganAt: performance.now(),
      endedAt: undefined,
      status: undefined,
      digest: headers["content-digest"],
    };
    pieces.push(piece);
    byRequest.set(request, piece);
  });
  const end = (request: Request) => {
    const piece = byRequest.get(request);
    if (piece !== undefined) piece.endedAt = performance.now();
    return piece;
  };
  page.on("response", (response) => {
    const piece = byRequest.get(response.request());
    if (piece !== undefined) piece.status = response.status();
  });
  page.on("requestfinished", end);
  page.on("requestfailed", end);
  return pieces;
}

/** When pieces were sent and answered, and when digests were there, in the milliseconds of the page. */
export interface Moments {
  sends: number[];
  answers: number[];
  /** By the digest, in base64: when it was there for the first time. */
  digests: Record<string, number>;
}

/**
 * Runs before the page's scripts. By the page's own time: on a busy machine a test sees late what happens in a page.
 */
export function noteMoments(): void {
  const moments: Moments = { sends: [], answers: [], digests: {} };
  Object.assign(globalThis, { moments });
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  crypto.subtle.digest = async (...args) => {
    const sum = await digest(...args);
    // Each piece is read once more before the last one goes: the first time counts.
    moments.digests[btoa(String.fromCharCode(...new Uint8Array(sum)))] ??= performance.now();
    return sum;
  };
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (body) {
    if (body) {
      moments.sends.push(performance.now());
      this.addEventListener("load", () => moments.answers.push(performance.now()));
    }
    send.call(this, body);
  };
}

export function momentsOf(page: Page): Promise<Moments> {
  return page.evaluate(() => (globalThis as unknown as { moments: Moments }).moments);
}
