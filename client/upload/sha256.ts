/** Computes the SHA-256 of a piece of a file; `undefined` where it cannot be computed. Never rejects. */
export type Sha256 = (piece: Blob) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/**
 * By WebCrypto, which browsers have in secure contexts alone. It takes a whole piece at once into the memory: pieces of
 * uploads that run beside each other come one after the other.
 */
export function createSha256(subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle): Sha256 {
  let before: Promise<unknown> = Promise.resolve();

  async function compute(piece: Blob): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return new Uint8Array(await subtle!.digest("SHA-256", await piece.arrayBuffer()));
    } catch {
      // The file cannot be read any more, or there is no memory: sending it tells.
      return undefined;
    }
  }

  return (piece) => {
    if (subtle === undefined) return Promise.resolve(undefined);
    const digest = before.then(() => compute(piece));
    before = digest;
    return digest;
  };
}

/** A `Content-Digest` header's value (RFC 9530, section 2). */
export function contentDigest(sha256: Uint8Array): string {
  return `sha-256=:${btoa(String.fromCharCode(...sha256))}:`;
}
