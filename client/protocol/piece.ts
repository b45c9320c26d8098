/** What stands for the bytes of a piece of a file: other bytes have another one. */
export interface Fingerprint {
  /** Compared as it is. */
  text: string;
  /** The value of `Content-Digest` (RFC 9530, section 2) for these bytes, where it is a digest that the server checks. */
  contentDigest?: string;
}

/** What one request carries of a file. */
export interface Piece {
  /** Where it starts in the file. */
  start: number;
  body: Blob;
  /** What stands for its bytes, where that can be computed. */
  fingerprint: Fingerprint | undefined;
}
