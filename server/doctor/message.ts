import { concat } from "./bytes.ts";

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The headers of the interim answers (1xx) before it. */
  readonly interim: readonly Headers[];
}

/** The longest head and the longest body of an answer, in bytes. */
const MAX_HEAD = 64 * 1024;
const MAX_BODY = 4 * 2 ** 20;
/** The most interim answers (1xx) before the answer. */
const MAX_INTERIM = 20;

/** No HTTP/1.1 answer, or one that is too long. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

/** Reads an answer of HTTP/1.1 (RFC 9112) out of the bytes of a connection. */
export class AnswerReader {
  readonly #isHead: boolean;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  readonly #interim: Headers[] = [];
  #head: { readonly status: number; readonly headers: Headers } | undefined;

  /** `isHead` for the answer to a `HEAD` request, which has no body. */
  constructor({ isHead }: { readonly isHead: boolean }) {
    this.#isHead = isHead;
  }

  /** Takes bytes in, and gives the answer as soon as it is whole. Throws {@linkcode NoAnswer}. */
  push(bytes: Uint8Array): Answer | undefined {
    this.#bytes = concat([this.#bytes, bytes]);
    if (this.#head === undefined && !this.#readHead()) return undefined;
    return this.#whole();
  }

  /** Gives the answer as far as it came, at the end of the connection. Its status may be all that was wanted. */
  end(): Answer | undefined {
    if (this.#head === undefined) return undefined;
    return this.#whole() ?? { ...this.#head, body: this.#bytes, interim: this.#interim };
  }

  /** Reads the head, and keeps of each interim answer (1xx) before it its headers alone. */
  #readHead(): boolean {
    for (;;) {
      const text = latin1(this.#bytes.subarray(0, MAX_HEAD));
      const end = text.indexOf("\r\n\r\n");
      if (end === -1) {
        if (text.length >= MAX_HEAD || !"HTTP/".startsWith(text.slice(0, 5))) throw new NoAnswer("This is no HTTP/1.1");
        return false;
      }
      const [first = "", ...lines] = text.slice(0, end).split("\r\n");
      const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]);
      if (Number.isNaN(status)) throw new NoAnswer("This is no HTTP/1.1");
      this.#bytes = this.#bytes.slice(end + 4);
      if (status >= 100 && status < 200) {
        if (this.#interim.push(headersOf(lines)) > MAX_INTERIM) {
          throw new NoAnswer("There are too many interim answers");
        }
        continue;
      }
      this.#head = { status, headers: headersOf(lines) };
      return true;
    }
  }

  #whole(): Answer | undefined {
    const { status, headers } = this.#head!;
    if (this.#bytes.length > MAX_BODY) throw new NoAnswer("The answer is too long");
    const answer = (body: Uint8Array<ArrayBuffer>): Answer => ({ status, headers, body, interim: this.#interim });
    if (this.#isHead || status === 204 || status === 304) return answer(new Uint8Array());
    if (/\bchunked\b/i.test(headers.get("transfer-encoding") ?? "")) {
      const body = unchunked(this.#bytes);
      return body === undefined ? undefined : answer(body);
    }
    const length = headers.get("content-length");
    if (length === null) return undefined;
    return this.#bytes.length >= Number(length) ? answer(this.#bytes.slice(0, Number(length))) : undefined;
  }
}

/** Takes the chunked coding off (RFC 9112, section 7.1); `undefined` while the last chunk has not come. */
function unchunked(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const parts: Uint8Array[] = [];
  for (let at = 0;;) {
    const line = latin1(bytes.subarray(at, at + 64));
    const end = line.indexOf("\r\n");
    if (end === -1) return undefined;
    const size = parseInt(line, 16);
    if (Number.isNaN(size)) throw new NoAnswer("The chunks of the answer are malformed");
    if (size === 0) return concat(parts);
    const start = at + end + 2;
    if (bytes.length < start + size + 2) return undefined;
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}

function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    } catch {
      // A line that is no header tells nothing.
    }
  }
  return headers;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
