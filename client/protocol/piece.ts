/** A hash of the bytes of a piece. Different bytes have a different one. */
export interface Fingerprint {
  /** Compared as it is. */
  text: string;
  /** The value of `Content-Digest` (RFC 9530, section 2) for these bytes, where it is a digest that the server checks. */
  contentDigest?: string;
}

/** The part of a file that one request carries. */
export interface Piece {
  /** The byte of the file at which it starts. */
  start: number;
  body: Blob;
  /** The fingerprint of its bytes; `undefined` if the browser cannot compute it. */
  fingerprint: Fingerprint | undefined;
}
