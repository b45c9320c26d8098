/** The keys that sign requests. */
export interface Credentials {
  readonly key: string;
  readonly secret: string;
  /** The token that goes with a key for a short time. */
  readonly sessionToken?: string;
}

/**
 * Gives what to sign with: a fresh key when the last one is about to expire, or is `expired`, as the S3 server says. This
 * machine's clock may be wrong. A source that has no other key gives the same one.
 */
export type CredentialsSource = (expired?: Credentials) => Promise<Credentials>;

/** Gives an environment variable; `undefined` for one that is not set. */
export type Environment = (name: string) => string | undefined;

/** Reads a text file; `undefined` when it is not there. */
export type ReadText = (path: string) => Promise<string | undefined>;
