import { UploadError } from "../errors.ts";
import { HeldBody } from "../receiving/held_body.ts";
import type { End, ReceiveOptions } from "../receiving/receive.ts";

/** The time in which a small body must have come whole, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Reads the bodies of sign-ins, links and passwords: small ones that anybody may send, also without a token. So each has
 * a bound in bytes and one in time, and none holds the server's end up.
 */
export class SmallBodies {
  readonly #shared: Pick<ReceiveOptions, "pauses" | "buffers">;
  readonly #limits: { readonly idleMs: number };
  readonly #ending = new AbortController();

  /** `limits.idleMs` is how long a client may send nothing, if that is less than the time for a whole body. */
  constructor(
    { limits, ...shared }: Pick<ReceiveOptions, "pauses" | "buffers"> & { limits: { readonly idleMs: number } },
  ) {
    this.#shared = shared;
    this.#limits = limits;
  }

  /** Ends the bodies that are being read with `shutdown`, and each later one as soon as it is read. */
  end(): void {
    this.#ending.abort("shutdown");
  }

  /**
   * Reads a body as text in UTF-8. Throws `too-large` for one of more than `maxBytes`, `idle` or `too-slow` for one
   * that does not come in its time, `disconnected` for one that was cut off, and `shutdown`.
   */
  async text({ body, headers }: Request, maxBytes: number): Promise<string> {
    const announced = headers.get("content-length");
    const expected = announced === null ? undefined : Number(announced);
    if (expected !== undefined && expected > maxBytes) throw tooLarge(maxBytes);
    const held = await HeldBody.receive(body, {
      limit: maxBytes,
      expected,
      idleMs: Math.min(this.#limits.idleMs, PATIENCE_MS),
      // No speed is enough behind the grace time, so that is the time of the whole body.
      minBytesPerSecond: Infinity,
      rateGraceMs: PATIENCE_MS,
      stop: this.#ending.signal,
      ...this.#shared,
      onArrived: () => {},
      onPiece: () => {},
    });
    if (held.end === "too-long") throw tooLarge(maxBytes);
    if (held.end !== "whole") throw interrupted(held.end);
    return new TextDecoder().decode(held.bytes);
  }

  /**
   * Reads a body as JSON. Throws what `text` throws, `wrong-media-type` for another type, and `bad-request` for another
   * text. `example` is a body as it should be, for the line of these.
   */
  async json(request: Request, { maxBytes, example }: { maxBytes: number; example: string }): Promise<unknown> {
    if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
      throw new UploadError("wrong-media-type", `Send the body as application/json: ${example}`);
    }
    const text = await this.text(request, maxBytes);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new UploadError("bad-request", `The body must be JSON: ${example}`, { cause });
    }
  }
}

function tooLarge(maxBytes: number): UploadError {
  return new UploadError("too-large", `The body has at most ${maxBytes} bytes here`);
}

/** The refusal of a body that did not come whole. */
function interrupted(end: Exclude<End, "whole" | "too-long">): UploadError {
  switch (end) {
    case "idle":
    case "too-slow":
      return new UploadError(end, "The body did not come in its time: send it again");
    case "too-short-chunks":
      return new UploadError(end, "The chunks are too short: send the body with a Content-Length");
    case "shutdown":
      return new UploadError(end, "The server is restarting: try again in a few seconds");
    default:
      return new UploadError("disconnected", "The body was cut off: send it again");
  }
}
