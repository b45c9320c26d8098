import { createHash, createHmac } from "node:crypto";
import { encodedForUrl } from "./keys.ts";

/** A request that is to be signed. Names of headers are in small letters. */
export interface UnsignedRequest {
  readonly method: string;
  /** Its path is encoded as `encodedKey` does, and it has no query. */
  readonly url: URL;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request is signed with. */
export interface SigningKey {
  readonly key: string;
  readonly secret: string;
  readonly sessionToken?: string | undefined;
}

/** Headers that are not signed: programs on the way may change them. */
const UNSIGNED: ReadonlySet<string> = new Set(["content-type", "content-length", "range"]);

/** The signature leaves out the bytes: they need not be read twice. TLS guards them, or an MD5 does. */
const PAYLOAD = "UNSIGNED-PAYLOAD";

/**
 * Signs requests to one region, as "Signature Version 4" of AWS says. All is computed at once: the same by
 * `crypto.subtle` leaves the thread for each of a few hashes, and waits for its turn each time.
 */
export class Signer {
  readonly #region: string;
  /** The last signing key, which is good for a day. */
  #last: { readonly secret: string; readonly day: string; readonly key: Uint8Array } | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** Gives the whole URL and all headers. `time` is such as `20261231T235959Z`. */
  sign(
    { method, url, query, headers }: UnsignedRequest,
    { key, secret, sessionToken }: SigningKey,
    time: string,
  ): { url: URL; headers: Record<string, string> } {
    const all: Record<string, string> = {
      ...headers,
      "x-amz-content-sha256": PAYLOAD,
      "x-amz-date": time,
      ...sessionToken !== undefined && { "x-amz-security-token": sessionToken },
    };
    const pairs = Object.entries(query).map(([name, value]): Pair => [encodedForUrl(name), encodedForUrl(value)]);
    const signed = Object.entries({ ...all, host: url.host }).filter(([name]) => !UNSIGNED.has(name)).sort(byName);
    const names = signed.map(([name]) => name).join(";");
    const canonical = [
      method,
      url.pathname,
      textOf(pairs.toSorted(byName)),
      ...signed.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, " ")}`),
      "",
      names,
      PAYLOAD,
    ].join("\n");
    const day = time.slice(0, 8);
    const scope = `${day}/${this.#region}/s3/aws4_request`;
    const hash = createHash("sha256").update(canonical).digest("hex");
    const signature = createHmac("sha256", this.#keyFor(secret, day))
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`).digest("hex");
    all.authorization = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return { url: pairs.length === 0 ? url : new URL(`${url}?${textOf(pairs)}`), headers: all };
  }

  #keyFor(secret: string, day: string): Uint8Array {
    if (this.#last?.secret === secret && this.#last.day === day) return this.#last.key;
    let key: string | Uint8Array = `AWS4${secret}`;
    for (const step of [day, this.#region, "s3", "aws4_request"]) key = createHmac("sha256", key).update(step).digest();
    this.#last = { secret, day, key: key as Uint8Array };
    return this.#last.key;
  }
}

type Pair = [name: string, value: string];

function textOf(pairs: readonly Pair[]): string {
  return pairs.map((pair) => pair.join("=")).join("&");
}

function byName([one]: Pair, [other]: Pair): number {
  return one < other ? -1 : 1;
}
