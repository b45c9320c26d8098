import { createHash } from "node:crypto";
import type { Transport } from "../../../client/mod.ts";
import { FakeServer, type FakeServerOptions } from "./fake_server.ts";

/** The bytes of a part whose hash is hashed again, as a server does it. */
const PART_BYTES = 2 ** 19;

/** A server that keeps what it gets: it reads bodies as they are sent, and checks their digests. */
export class ReadingServer {
  readonly fake: FakeServer;
  readonly #received: Uint8Array;

  constructor(size: number, options: FakeServerOptions = {}) {
    this.fake = new FakeServer(size, options);
    this.#received = new Uint8Array(size);
  }

  /** The whole file, once it is whole. */
  get file(): Uint8Array | undefined {
    return this.fake.complete ? this.#received : undefined;
  }

  readonly transport: Transport = async (request) => {
    const { body, headers } = request;
    if (body === undefined) return await this.fake.transport(request);
    // In two halves: a file may change while it is being sent.
    const halves = [body.slice(0, body.size >> 1), body.slice(body.size >> 1)];
    const bytes = new Uint8Array(body.size);
    let at = 0;
    for (const half of halves) {
      const part = new Uint8Array(await half.arrayBuffer());
      bytes.set(part, at);
      at += part.length;
    }
    const start = Number(headers["X-Start-Byte"]);
    // What is to be sent and is not there any more never comes.
    if (at < body.size) throw new TypeError("The connection broke");
    const digest = headers["Content-Digest"];
    if (digest !== undefined && digest !== await digestLike(digest, bytes)) {
      const refusal = { "X-Error": "digest-mismatch", "Upload-Offset": String(start) };
      return { status: 400, headers: new Headers(refusal), text: "Other bytes have come" };
    }
    if (start === this.fake.held) this.#received.set(bytes, start);
    return await this.fake.transport(request);
  };
}

/** Gives the digest of the same kind as `digest`. */
async function digestLike(digest: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (digest.startsWith("sha-256=")) return `sha-256=:${await sha256Of(bytes)}:`;
  const hashes = createHash("sha256");
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    hashes.update(createHash("sha256").update(bytes.subarray(at, at + PART_BYTES)).digest());
  }
  return `sha-256-512k=:${hashes.digest("base64")}:`;
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toBase64();
}
