import { wordsOf } from "./met.ts";
import type { Names } from "./observations.ts";
import type { Site } from "./site.ts";

/** Looks whether the server knows the name and the scheme by which people come. `origin` is that of the address. */
export async function lookAtNames(site: Site, origin: string, hasToken: boolean): Promise<Names> {
  // A sign-in without a token is refused either way. The refusal tells whether this page counts as one of the server's.
  const signIn = await site.ask({
    method: "POST",
    path: "/api/session",
    headers: { "Origin": origin, "Content-Type": "application/json" },
    body: { announced: 2, pieces: [new TextEncoder().encode("{}")] },
    isAnonymous: true,
  });
  const code = signIn.kind === "answer" ? signIn.answer.headers.get("x-error") : null;
  // The sign-out of nobody takes a cookie away, and says for which scheme it was.
  const signOut = await site.ask({ method: "DELETE", path: "/api/session", isAnonymous: true });
  const cookie = signOut.kind === "answer" ? signOut.answer.headers.get("set-cookie") : null;
  const linkOrigin = hasToken ? await linkOriginOf(site) : undefined;
  return {
    ...code !== null && { isOwnPage: code !== "forbidden" },
    ...cookie !== null && { isSecure: /;\s*secure/i.test(cookie) },
    ...linkOrigin !== undefined && { linkOrigin },
  };
}

/** Makes an upload link and removes it. `undefined` when this visitor may make none. */
async function linkOriginOf(site: Site): Promise<string | undefined> {
  const body = JSON.stringify({ kind: "upload", expiresIn: 60, maxFiles: 1, maxSize: 1, note: "pawl doctor" });
  const bytes = new TextEncoder().encode(body);
  const made = await site.ask({
    method: "POST",
    path: "/api/links",
    headers: { "Content-Type": "application/json" },
    body: { announced: bytes.length, pieces: [bytes] },
  });
  if (made.kind !== "answer" || made.answer.status !== 201) return undefined;
  const [, id] = /"id":\s*"([\w-]+)"/.exec(wordsOf(made.answer)) ?? [];
  const [, url] = /"url":\s*"([^"]+)"/.exec(wordsOf(made.answer)) ?? [];
  if (id !== undefined) await site.ask({ method: "DELETE", path: `/api/links/${id}` });
  return url === undefined ? undefined : URL.parse(url)?.origin ?? "";
}
