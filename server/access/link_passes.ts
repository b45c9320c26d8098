import type { DownloadLink } from "../model/link.ts";
import { isSigned, signed } from "./sessions.ts";

/**
 * The steps that a browser has taken at a download link. `opened`: it has sent the password. `counted`: its download was counted,
 * so another part of it is not counted again.
 */
export type Pass = "opened" | "counted";

/** How long a pass is good for, and a visitor counts once, in milliseconds. */
export const PASS_MS = 86_400_000;

/** The `Set-Cookie` that gives a browser a pass for one link, which is at `path`. */
export function setPass(
  { hash }: DownloadLink,
  pass: Pass,
  { key, now, isHttps, path }: { key: Uint8Array; now: number; isHttps: boolean; path: string },
): string {
  const text = `link.${hash}.${pass}.${now + PASS_MS}`;
  // Lax: who comes again from a mail has the cookie. It changes nothing, and other sites cannot read what it opens.
  const attributes = `Path=${path}; Max-Age=${PASS_MS / 1000}; HttpOnly; SameSite=Lax${isHttps ? "; Secure" : ""}`;
  return `${nameOf(isHttps)}=${text}.${signed(text, key)}; ${attributes}`;
}

/** Reads the pass of a link in a `Cookie` header. `undefined` for one of another link, and for one that is over. */
export function passIn(
  header: string | null,
  { hash }: DownloadLink,
  { key, now, isHttps }: { key: Uint8Array; now: number; isHttps: boolean },
): Pass | undefined {
  const start = `${nameOf(isHttps)}=`;
  for (const pair of header?.split(";") ?? []) {
    const value = pair.trim();
    if (!value.startsWith(start)) continue;
    const [, text, of, pass, expiresAt, signature] =
      /^(link\.([\w-]{43})\.(opened|counted)\.(\d{1,16}))\.([\w-]{43})$/.exec(value.slice(start.length)) ?? [];
    if (text === undefined || signature === undefined || !isSigned(text, signature, key)) continue;
    if (of === hash && Number(expiresAt) > now) return pass as Pass;
  }
  return undefined;
}

function nameOf(isHttps: boolean): string {
  return isHttps ? "__Secure-pawl-link" : "pawl-link";
}
