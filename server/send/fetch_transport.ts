import type { Transport, TransportRequest } from "../../client/mod.ts";

/** The longest answer that is read, in bytes. The longest of Pawl tells of 500 files. */
const LONGEST_ANSWER = 4 * 2 ** 20;

/**
 * Makes the transport of a program, over `fetch`. It tells how many bytes have departed while they are read from the
 * disk. It follows no redirect, because that would take the token to another server. `client` has the certificates.
 */
export function createTransport(client?: Deno.HttpClient): Transport {
  return async (request) => {
    const { method, url, headers, signal } = request;
    const body = request.body === undefined ? null : bodyOf(request.body, request.onSent);
    const options: RequestInit & { client?: Deno.HttpClient } = { method, headers, body, signal, redirect: "manual" };
    if (client !== undefined) options.client = client;
    const response = await fetch(url, options);
    return { status: response.status, headers: response.headers, text: await textOf(response) };
  };
}

/** Small bodies go whole: so few bytes depart at once. */
const SMALL_BYTES = 64 * 1024;

function bodyOf(body: Blob, onSent: TransportRequest["onSent"]): Blob {
  return body.size <= SMALL_BYTES && onSent === undefined ? body : new CountedBlob(body, onSent);
}

/** A body that tells how many of its bytes were read. The runtime takes its length from `size`, and its bytes from `stream()`. */
class CountedBlob extends Blob {
  readonly #body: Blob;
  readonly #onSent: TransportRequest["onSent"];

  constructor(body: Blob, onSent: TransportRequest["onSent"]) {
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
        this.#onSent?.(sent);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  }
}

async function textOf(response: Response): Promise<string> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > LONGEST_ANSWER) throw new Error("The answer is too long for one of an upload server");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
