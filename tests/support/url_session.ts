import { PARTIAL } from "./ietf_wire.ts";

/**
 * URLSession of one of Apple's systems, as the IETF's working group and Apple's own server tell of it: it sends all of a
 * file with the first request, learns the address by 104, and after a break asks there and sends the rest in one request.
 */
export interface UrlSession {
  readonly name: string;
  readonly version: number;
  /** The method of the first request. */
  readonly method: "POST" | "PUT";
  /** The headers of a question. */
  readonly own: Readonly<Record<string, string>>;
  /** The headers of the first request, which brings all of the file. */
  readonly last: Readonly<Record<string, string>>;
  /** The headers of a request that brings the rest, but for its offset. */
  readonly append: Readonly<Record<string, string>>;
  /** Says whether an answer calls the upload complete. */
  isComplete(answer: { readonly headers: Headers }): boolean;
}

const SYSTEMS: readonly Pick<UrlSession, "name" | "version" | "method">[] = [
  { name: "iOS 17", version: 3, method: "POST" },
  { name: "iOS 18.0", version: 5, method: "PUT" },
  { name: "iOS 18.1", version: 6, method: "POST" },
  { name: "iOS 26", version: 8, method: "PUT" },
];

/** URLSession of each system. */
export const URL_SESSIONS: readonly UrlSession[] = SYSTEMS.map((system) => {
  const { version } = system;
  const field = version === 3 ? "Upload-Incomplete" : "Upload-Complete";
  const own = { "Upload-Draft-Interop-Version": String(version) };
  const last = { ...own, [field]: version === 3 ? "?0" : "?1" };
  return {
    ...system,
    own,
    last,
    append: version >= 6 ? { ...last, "Content-Type": PARTIAL } : last,
    isComplete: ({ headers }) => (headers.get(field) === "?1") === (version > 3),
  };
});
