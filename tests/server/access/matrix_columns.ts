/**
 * The senders of the matrix's columns. All but `other owner` and `admin` are about the uploads of one owner, Anna. `link`
 * is a visitor of Anna's upload link who asks for uploads of Anna, and `link, own` asks for what it has sent itself. A
 * download link's secret is sent as if it were a token.
 */
export const WHO = [
  "nobody",
  "reader",
  "uploader",
  "other owner",
  "admin",
  "expired",
  "revoked",
  "cookie",
  "cookie, other page",
  "link",
  "link, own",
  "link, expired",
  "link, removed",
  "download link",
] as const;

export type Who = typeof WHO[number];

/** One way of asking for one resource, and the status that each sender gets. */
export interface Row {
  /**
   * The path. `FINISHED`, `UNFINISHED` and `PARTIAL` stand for the ids of Anna's uploads, and in the column `link, own` of
   * the visitor's. `LINKID` stands for the id of a link of Anna's; the other words with `LINK` for the secrets of links.
   */
  readonly path: string;
  readonly verb: string;
  /** What the request is, where path and verb do not say it. */
  readonly what?: string;
  readonly asks: "nothing" | "read" | "upload" | "admin";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The statuses in the order of {@linkcode WHO}. */
  readonly expected: readonly number[];
}

/** Everybody gets that status. */
export const all = (status: number) => WHO.map(() => status);

/** Everybody gets an answer whose token, if they send one, is good. */
export const known = (
  status: number,
) => [status, status, status, status, status, 401, 401, status, status, ...byLink(status)];

/**
 * The visitor of a link gets one status for Anna's uploads, another for its own. A link that is over or of the other
 * kind is no link.
 */
export const byLink = (annas: number, own = annas) => [annas, own, 401, 401, 401];

/** It asks for `read`, about Anna's files: the other owner gets a status of its own. */
export const toRead = (other: number) => [401, 200, 403, other, 200, 401, 401, 403, 403, ...byLink(403)];

/** It asks for `upload`: Anna gets one status, the other owner another, and the admin a third. */
export const toUpload = (
  anna: number,
  other: number,
  admin: number,
  page = 401,
) => [401, 403, anna, other, admin, 401, 401, anna, page, ...byLink(other, anna)];

/** It asks for `admin`. */
export const toAdmin = (status: number) => [401, 403, 403, 403, status, 401, 401, 403, 403, ...byLink(403)];

/** It is about links, of which a visitor of one has none. */
export const toLinks = (anna: number, other: number, admin: number, page: number) =>
  toUpload(anna, other, admin, page).with(WHO.indexOf("link"), 403).with(WHO.indexOf("link, own"), 403);

/** It is for visitors of an upload link alone. */
export const toVisitors = () => [401, 403, 404, 404, 404, 401, 401, 404, 404, ...byLink(200)];

/** It asks for the verbs of a path, which everybody is told. */
export const options = (path: string): Row => ({ path, verb: "OPTIONS", asks: "nothing", expected: all(204) });
