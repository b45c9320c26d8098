import { AwsV4Signer } from "aws4fetch";
import { createHash, createHmac } from "node:crypto";

/**
 * Signs one request by AWS's Signature Version 4. `aws4fetch` says what is signed, and node:crypto hashes it here: WebCrypto
 * has each of its three steps done by another thread, and the request waits for it each time.
 */
export class Signer extends AwsV4Signer {
  override async signature(): Promise<string> {
    return hmac(this.#dayKey(), await this.stringToSign()).toString("hex");
  }

  override async stringToSign(): Promise<string> {
    const hash = createHash("sha256").update(await this.canonicalString()).digest("hex");
    return ["AWS4-HMAC-SHA256", this.datetime, this.credentialString, hash].join("\n");
  }

  /** The key that signs all requests of a day. */
  #dayKey(): Uint8Array {
    const date = this.datetime.slice(0, 8);
    const name = [this.secretAccessKey, date, this.region, this.service].join();
    const known = this.cache.get(name);
    if (known !== undefined) return new Uint8Array(known);
    const steps = [date, this.region, this.service, "aws4_request"];
    const key = steps.reduce<string | Uint8Array>((last, step) => hmac(last, step), `AWS4${this.secretAccessKey}`);
    const made = new Uint8Array(key as Uint8Array);
    this.cache.set(name, made.buffer);
    return made;
  }
}

function hmac(key: string | Uint8Array, text: string) {
  return createHmac("sha256", key).update(text).digest();
}
