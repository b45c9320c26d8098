import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A session: a browser that has traded a token for a cookie. */
export interface Session {
  /** 128 random bits in base64url. */
  readonly id: string;
  /** The hash of the token that began the session. */
  readonly hash: string;
  /** When the session expires by the machine's clock, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The longest session, in milliseconds. */
const SESSION_MS = 30 * 86_400_000;

/** Makes a new session of a token, which ends with the token at the latest. */
export function newSession(hash: string, now: number, tokenExpiresAt = Infinity): Session {
  const expiresAt = Math.min(now + SESSION_MS, tokenExpiresAt);
  return { id: randomBytes(16).toString("base64url"), hash, expiresAt };
}

/** Writes a session as the value of a cookie, signed by `key`. */
export function writeSession({ id, hash, expiresAt }: Session, key: Uint8Array): string {
  const text = `1.${id}.${hash}.${expiresAt}`;
  return `${text}.${signed(text, key)}`;
}

/**
 * Reads the value of a cookie. `undefined` for anything that {@linkcode writeSession} has not written with this key,
 * and for a session that has expired.
 */
export function readSession(value: string, key: Uint8Array, now: number): Session | undefined {
  const [, text, id, hash, expiresAt, signature] =
    /^(1\.([\w-]{22})\.([\w-]{43})\.(\d{1,16}))\.([\w-]{43})$/.exec(value) ?? [];
  if (text === undefined || id === undefined || hash === undefined || signature === undefined) return undefined;
  return isSigned(text, signature, key) && Number(expiresAt) > now
    ? { id, hash, expiresAt: Number(expiresAt) }
    : undefined;
}

/** The signature of a text by `key`: its HMAC-SHA-256 in base64url. */
export function signed(text: string, key: Uint8Array): string {
  return signatureOf(text, key).toString("base64url");
}

/** True for a signature that {@linkcode signed} has made of this text with this key. It has 43 letters. */
export function isSigned(text: string, signature: string, key: Uint8Array): boolean {
  return timingSafeEqual(Buffer.from(signature, "base64url"), signatureOf(text, key));
}

function signatureOf(text: string, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** The place that a session's cookie is for. */
export interface CookiePlace {
  /** True when the client itself speaks HTTPS. */
  readonly isHttps: boolean;
  /** The server's base path; empty for the top of its host, and by default. */
  readonly basePath?: string;
  /** The path that clients see there: a proxy may put folders before the base path. By default it is that path alone. */
  readonly above?: string;
}

/**
 * The name of the cookie. With `__Host-` a browser takes it only from this very host over HTTPS, so that no other one
 * of the same domain can set it. Such a cookie goes to all programs on the host, so below a base path it is
 * `__Secure-`, and has the path in its name: a server at the top of the same host has another one.
 */
function cookieName({ isHttps, basePath = "" }: CookiePlace): string {
  const prefix = !isHttps ? "" : basePath === "" ? "__Host-" : "__Secure-";
  return `${prefix}pawl${basePath.replaceAll("/", ".")}`;
}

/** The `Set-Cookie` that gives a browser a session, for `maxAgeSeconds`; 0 takes it away. */
export function setCookie(value: string, maxAgeSeconds: number, place: CookiePlace): string {
  const { isHttps, basePath = "", above = basePath } = place;
  const path = basePath === "" ? "/" : above;
  const secure = isHttps ? "; Secure" : "";
  return `${cookieName(place)}=${value}; Path=${path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

/**
 * The session's cookie in a `Cookie` header; `undefined` when there is none, or more than one: another host of the same
 * domain has set one of them then.
 */
export function cookieIn(header: string, place: CookiePlace): string | undefined {
  const start = `${cookieName(place)}=`;
  const found = header.split(";").map((pair) => pair.trim()).filter((pair) => pair.startsWith(start));
  return found.length === 1 ? found[0]!.slice(start.length) : undefined;
}
