import { eTag } from "@std/http/etag";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** The ways to send a content, the one with the fewest bytes first (RFC 9110, section 8.4.1; RFC 7932). */
const ENCODINGS = ["br", "gzip", "identity"] as const;

/** The quality of Brotli that takes as long as gzip. The highest, 11, takes 40 times as long for a tenth fewer bytes. */
const QUALITY = 6;

/** A content as it is sent, with the headers that say how. */
export interface Representation {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** A content that is compressed when a client first asks for it so, and kept. */
export class Encoded {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #made = new Map<string, Promise<Representation>>();

  /** `headers` go with the content, however it is sent. */
  constructor(bytes: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>) {
    this.#bytes = bytes;
    this.#headers = headers;
  }

  /** The representation with the fewest bytes of those that the client takes. */
  best(accepted: readonly string[]): Promise<Representation> {
    const encoding = ENCODINGS.find((one) => accepted.includes(one)) ?? "identity";
    const made = this.#made.get(encoding) ?? this.#make(encoding);
    this.#made.set(encoding, made);
    return made;
  }

  async #make(encoding: typeof ENCODINGS[number]): Promise<Representation> {
    const content = encodedBytes(this.#bytes, encoding);
    const own = encoding === "identity" ? {} : { "content-encoding": encoding };
    return { content, headers: { ...this.#headers, ...own, "etag": await eTag(content) } };
  }
}

function encodedBytes(bytes: Uint8Array<ArrayBuffer>, encoding: typeof ENCODINGS[number]): Uint8Array<ArrayBuffer> {
  switch (encoding) {
    case "identity":
      return bytes;
    case "gzip":
      return new Uint8Array(gzipSync(bytes));
    case "br": {
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: QUALITY,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      };
      return new Uint8Array(brotliCompressSync(bytes, { params }));
    }
  }
}
