import type { Rights } from "../model/rights.ts";

/** A token as it is kept. The secret itself is not kept, and nothing here leads back to it. */
export interface Token {
  /** The SHA-256 of the secret, in base64url. */
  readonly hash: string;
  /** The name that tells tokens apart, for people. No two tokens have one name. */
  readonly name: string;
  /** The owner of the uploads that are sent with the token. */
  readonly owner: string;
  readonly rights: Rights;
  /** The largest file in bytes; absent for no limit but the server's. */
  readonly maxBytes?: number;
  /** The most bytes in all that its owner may keep; absent for the server's limit. */
  readonly quotaBytes?: number;
  /** When the token was made, in milliseconds since 1970. */
  readonly createdAt: number;
  /** When the token expires by the machine's clock, in milliseconds since 1970; absent for never. */
  readonly expiresAt?: number;
}

/** A token, and when it was last used. */
export interface ListedToken extends Token {
  /** When the token was last used, to the minute, in milliseconds since 1970; absent for never. */
  readonly usedAt?: number;
}

/** The store of the tokens, and of what sessions need. Every change is on disk when its promise resolves. */
export interface TokenStore {
  find(hash: string): Promise<Token | undefined>;
  /** All tokens, by name. */
  list(): Promise<ListedToken[]>;
  /** Adds a token; false when another one has its name. */
  add(token: Token): Promise<boolean>;
  /** Removes the token of that name; false when there is none. */
  remove(name: string): Promise<boolean>;
  /** Records when a token was last used, unless the token is gone. */
  markUsed(hash: string, usedAt: number): Promise<void>;
  /** True when there is a token, or was one. */
  hadToken(): Promise<boolean>;
  /** The key by which sessions are signed: 256 random bits, made at the first call. */
  sessionKey(): Promise<Uint8Array>;
  /** Records that a session was signed out. `expiresAt` is when it would have expired. */
  endSession(id: string, expiresAt: number, now: number): Promise<void>;
  /** True when a session was signed out. */
  isEnded(id: string): Promise<boolean>;
}
