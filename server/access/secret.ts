import { createHash, randomBytes } from "node:crypto";
import { defined } from "../defined.ts";

/** The beginning of every token's secret, by which scanners of code and logs can find one that leaked. */
const PREFIX = "pawl_";

/** Makes the secret of a new token: 256 random bits in base64url behind a prefix. */
export function newSecret(): string {
  return PREFIX + randomBytes(32).toString("base64url");
}

/** The hash by which a secret is kept and found: its SHA-256 in base64url. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** The text of bytes in UTF-8, or in Latin-1, which some clients send. */
function textOf(bytes: Uint8Array): string {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  try {
    return utf8.decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

/** True for text in the form of a token that the server has made. */
export function isSecret(text: string): boolean {
  return /^pawl_[\w-]{43}$/.test(text);
}

/** The content of an `Authorization` header. */
export interface Credentials {
  readonly secret: string;
  /** The user name of Basic. */
  readonly user?: string;
}

/**
 * Reads an `Authorization` header: a Bearer token (RFC 6750), or the user name and the password of Basic (RFC 7617).
 * `undefined` for anything else.
 */
export function credentialsIn(authorization: string): Credentials | undefined {
  const [, scheme = "", text = ""] = /^(\w+) +(\S+)$/.exec(authorization.trim()) ?? [];
  if (scheme.toLowerCase() === "bearer") return { secret: text };
  if (scheme.toLowerCase() !== "basic") return undefined;
  try {
    const [, user, secret] = /^([^:]*):(.+)$/s.exec(textOf(Uint8Array.fromBase64(text))) ?? [];
    return secret === undefined ? undefined : { secret, ...defined({ user }) };
  } catch {
    return undefined;
  }
}
