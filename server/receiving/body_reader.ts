/** What takes the bytes out of a body. */
export interface BodyReader {
  /** The next bytes; `undefined` at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** True when the bytes given last stay as they are during the next read: they can be written meanwhile. */
  readonly isKept: boolean;
  /** Leaves what has not been read in the body, for others to read. */
  leave(): void;
}
