/** A hash of the bytes of a piece. A change of the bytes changes it. */
export interface Fingerprint {
  /** The hash as text, for comparing. */
  text: string;
  /**
   * The value of `Content-Digest` (RFC 9530, section 2) for these bytes. Absent for a hash that the server cannot
   * check.
   */
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
