import { once } from "../async/once.ts";
import type { Transport, TransportRequest } from "./transport.ts";

/** The longest answer that is read, in bytes. The longest of Pawl tells of a thousand files. */
const LONGEST_ANSWER = 4 * 2 ** 20;

/** A `fetch` of any runtime, with options of your own if you like. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

/**
 * Makes a transport over `fetch`, for programs that have no XMLHttpRequest, such as those in Node. Bytes count as
 * departed when they are read from the disk. Where `fetch` reads no body by its `stream()`, as in browsers, no bytes
 * count before the answer. A redirect is not followed, because it would take a token in the headers to another server.
 */
export function createFetchTransport(send: Fetch = fetch): Transport {
  return async ({ method, url, headers, body, onSent, onText, signal }) => {
    const isCounted = body !== undefined && onSent !== undefined && await readsByStream();
    const sent = isCounted ? new CountedBlob(body, onSent) : body ?? null;
    const response = await send(url, { method, headers, body: sent, signal, redirect: "manual" });
    const text = await textOf(response, response.status === 200 ? onText : undefined);
    return { status: response.status, headers: response.headers, text };
  };
}

/** A body that tells how many of its bytes were read. Its length is that of `size`, and its bytes are those of `stream()`. */
class CountedBlob extends Blob {
  readonly #body: Blob;
  readonly #onSent: (bytes: number) => void;

  constructor(body: Blob, onSent: (bytes: number) => void) {
    super([], { type: body.type });
    this.#body = body;
    this.#onSent = onSent;
  }

  override get size(): number {
    return this.#body.size;
  }

  override stream(): ReturnType<Blob["stream"]> {
    const reader = this.#body.stream().getReader();
    let sent = 0;
    return new ReadableStream({
      pull: async (controller) => {
        const { value, done } = await reader.read();
        if (done) return controller.close();
        controller.enqueue(value);
        sent += value.length;
        this.#onSent(sent);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  }
}

/** True when this runtime reads a body by its `stream()`. Others would send nothing of a {@linkcode CountedBlob}. */
const readsByStream = once(async () => await new Response(new CountedBlob(new Blob(["?"]), () => {})).text() === "?");

async function textOf(response: Response, onText: TransportRequest["onText"]): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0;;) {
    const { value, done = true } = await reader?.read() ?? {};
    if (done || value === undefined) return text + decoder.decode();
    bytes += value.length;
    if (bytes > LONGEST_ANSWER) {
      await reader?.cancel();
      throw new Error("The answer is too long for one of an upload server");
    }
    text += decoder.decode(value, { stream: true });
    onText?.(text);
  }
}
