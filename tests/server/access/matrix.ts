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
  readonly asks: "nothing" | "read" | "upload";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The statuses in the order of {@linkcode WHO}. */
  readonly expected: readonly number[];
}

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

const all = (status: number) => WHO.map(() => status);
/** Everybody gets an answer whose token, if they send one, is good. */
const known = (status: number) => [status, status, status, status, status, 401, 401, status, status, ...byLink(status)];

/** What the visitor of a link gets for Anna's uploads and for its own; a link that is over or of the other kind is no link. */
const byLink = (annas: number, own = annas) => [annas, own, 401, 401, 401];
/** It asks for `upload`: Anna gets one status, the other owner another, and the admin a third. */
const toUpload = (
  anna: number,
  other: number,
  admin: number,
  page = 401,
) => [401, 403, anna, other, admin, 401, 401, anna, page, ...byLink(other, anna)];

/** It is about links, of which a visitor of one has none. */
const toLinks = (anna: number, other: number, admin: number, page: number) =>
  toUpload(anna, other, admin, page).with(WHO.indexOf("link"), 403).with(WHO.indexOf("link, own"), 403);

/** It is for visitors of an upload link alone. */
const toVisitors = () => [401, 403, 404, 404, 404, 401, 401, 404, 404, ...byLink(200)];

const options = (path: string): Row => ({ path, verb: "OPTIONS", asks: "nothing", expected: all(204) });

/**
 * The matrix: every route and verb, and what each sender gets. The server here lets in nobody without a token. The
 * cookie is the uploader's; a browser sends it with a request of the server's own page, or of another page.
 */
export const MATRIX: readonly Row[] = [
  { path: "/", verb: "GET", what: "the page", asks: "nothing", expected: all(200) },
  { path: "/client/mod.ts", verb: "GET", what: "the client", asks: "nothing", expected: all(200) },

  {
    path: "/status",
    verb: "GET",
    asks: "upload",
    headers: { "X-File-Id": "unfinished" },
    expected: toUpload(200, 200, 200, 200),
  },
  {
    path: "/status",
    verb: "HEAD",
    asks: "upload",
    headers: { "X-File-Id": "unfinished" },
    expected: toUpload(200, 200, 200, 200),
  },
  options("/status"),

  {
    path: "/upload",
    verb: "POST",
    what: "a new file",
    asks: "upload",
    headers: { "X-File-Id": "new" },
    body: "abc",
    expected: toUpload(200, 200, 200),
  },
  {
    path: "/upload",
    verb: "POST",
    what: "more of Anna's",
    asks: "upload",
    headers: { "X-File-Id": "unfinished", "X-Start-Byte": "3" },
    body: "def",
    expected: toUpload(200, 400, 400),
  },
  {
    path: "/upload",
    verb: "POST",
    what: "a form",
    asks: "upload",
    headers: { "Content-Type": "multipart/form-data; boundary=x" },
    body: '--x\r\nContent-Disposition: form-data; name="file"; filename="new"\r\n\r\nabc\r\n--x--\r\n',
    expected: toUpload(200, 200, 200, 403),
  },
  {
    path: "/upload",
    verb: "DELETE",
    asks: "upload",
    headers: { "X-File-Id": "unfinished" },
    expected: toUpload(204, 404, 404),
  },
  options("/upload"),

  {
    path: "/files/",
    verb: "POST",
    what: "tus: begin",
    asks: "upload",
    headers: { ...TUS, "Upload-Length": "3" },
    expected: toUpload(201, 201, 201),
  },
  {
    path: "/files/",
    verb: "POST",
    what: "tus: concatenate Anna's",
    asks: "upload",
    headers: { ...TUS, "Upload-Concat": "final;/files/PARTIAL" },
    expected: toUpload(201, 404, 404),
  },
  {
    path: "/files/?folder=annas",
    verb: "GET",
    what: "Anna's folder as ZIP",
    asks: "read",
    expected: [401, 200, 403, 404, 200, 401, 401, 403, 403, ...byLink(403)],
  },
  {
    path: "/files/?folder=annas",
    verb: "HEAD",
    what: "Anna's folder as ZIP",
    asks: "read",
    expected: [401, 200, 403, 404, 200, 401, 401, 403, 403, ...byLink(403)],
  },
  options("/files/"),

  {
    path: "/files/FINISHED",
    verb: "GET",
    asks: "read",
    expected: [401, 200, 403, 404, 200, 401, 401, 403, 403, ...byLink(403)],
  },
  {
    path: "/files/FINISHED",
    verb: "HEAD",
    asks: "read",
    expected: [401, 200, 403, 404, 200, 401, 401, 403, 403, ...byLink(403)],
  },
  {
    path: "/files/FINISHED",
    verb: "GET",
    what: "tus: how far",
    asks: "upload",
    headers: TUS,
    expected: toUpload(200, 404, 200, 200),
  },
  {
    path: "/files/UNFINISHED",
    verb: "HEAD",
    what: "tus: how far",
    asks: "upload",
    headers: TUS,
    expected: toUpload(200, 404, 200, 200),
  },
  {
    path: "/files/UNFINISHED",
    verb: "PATCH",
    what: "tus: more bytes",
    asks: "upload",
    headers: { ...BYTES, "Upload-Offset": "3" },
    body: "def",
    expected: toUpload(204, 404, 204),
  },
  {
    path: "/files/UNFINISHED",
    verb: "POST",
    what: "tus: `PATCH` by another name",
    asks: "upload",
    headers: { ...BYTES, "Upload-Offset": "3", "X-HTTP-Method-Override": "PATCH" },
    body: "def",
    expected: toUpload(204, 404, 204),
  },
  { path: "/files/FINISHED", verb: "DELETE", asks: "upload", expected: toUpload(204, 404, 204) },
  {
    path: "/files/UNFINISHED",
    verb: "DELETE",
    what: "tus",
    asks: "upload",
    headers: TUS,
    expected: toUpload(204, 404, 204),
  },
  {
    path: "/files/FINISHED",
    verb: "POST",
    what: "tus: `DELETE` by another name",
    asks: "upload",
    headers: { ...TUS, "X-HTTP-Method-Override": "DELETE" },
    expected: toUpload(204, 404, 204),
  },
  options("/files/FINISHED"),

  ...["GET", "HEAD", "PATCH", "DELETE"].map((verb): Row => ({
    path: "/files/nothing",
    verb,
    asks: "nothing",
    expected: known(404),
  })),
  options("/files/nothing"),

  {
    path: "/api/uploads",
    verb: "GET",
    what: "the list",
    asks: "read",
    expected: [401, 200, 403, 200, 200, 401, 401, 403, 403, ...byLink(403)],
  },
  {
    path: "/api/uploads",
    verb: "HEAD",
    asks: "read",
    expected: [401, 200, 403, 200, 200, 401, 401, 403, 403, ...byLink(403)],
  },
  options("/api/uploads"),
  {
    path: "/api/uploads/UNFINISHED",
    verb: "DELETE",
    asks: "upload",
    expected: toUpload(204, 404, 204),
  },
  {
    path: "/api/uploads/FINISHED",
    verb: "DELETE",
    asks: "upload",
    expected: toUpload(204, 404, 204),
  },
  options("/api/uploads/FINISHED"),

  { path: "/api/limits", verb: "GET", asks: "upload", expected: toUpload(200, 200, 200, 200) },
  { path: "/api/limits", verb: "HEAD", asks: "upload", expected: toUpload(200, 200, 200, 200) },
  options("/api/limits"),

  { path: "/api/links", verb: "GET", what: "the links", asks: "upload", expected: toLinks(200, 200, 200, 200) },
  { path: "/api/links", verb: "HEAD", asks: "upload", expected: toLinks(200, 200, 200, 200) },
  {
    path: "/api/links",
    verb: "POST",
    what: "a new upload link",
    asks: "upload",
    headers: { "Content-Type": "application/json" },
    body: '{"kind":"upload"}',
    expected: toLinks(201, 201, 201, 403),
  },
  {
    path: "/api/links",
    verb: "POST",
    what: "a new download link",
    asks: "upload",
    headers: { "Content-Type": "application/json" },
    body: '{"kind":"download","file":"FINISHED"}',
    expected: toLinks(403, 404, 201, 403),
  },
  options("/api/links"),
  { path: "/api/links/LINKID", verb: "DELETE", asks: "upload", expected: toLinks(204, 404, 204, 401) },
  options("/api/links/LINKID"),
  ...["/api/link", "/api/link/uploads"].flatMap((path): Row[] => [
    { path, verb: "GET", asks: "upload", expected: toVisitors() },
    { path, verb: "HEAD", asks: "upload", expected: toVisitors() },
    options(path),
  ]),

  ...["GET", "HEAD"].flatMap((verb): Row[] => [
    { path: "/u/UPLOADLINK", verb, asks: "nothing", expected: all(200) },
    { path: "/u/EXPIREDLINK", verb, what: "expired", asks: "nothing", expected: all(404) },
    { path: "/u/REMOVEDLINK", verb, what: "removed", asks: "nothing", expected: all(404) },
    { path: "/u/DOWNLOADLINK", verb, what: "of a download link", asks: "nothing", expected: all(404) },
    { path: "/d/DOWNLOADLINK", verb, asks: "nothing", expected: all(200) },
    { path: "/d/EXPIREDLINK", verb, what: "expired, or of an upload link", asks: "nothing", expected: all(404) },
  ]),
  options("/u/UPLOADLINK"),
  {
    path: "/d/DOWNLOADLINK",
    verb: "POST",
    what: "the password's form",
    asks: "nothing",
    body: "password=x",
    expected: all(303).toSpliced(WHO.indexOf("cookie, other page"), 1, 403),
  },
  options("/d/DOWNLOADLINK"),

  { path: "/api/session", verb: "GET", what: "who am I", asks: "nothing", expected: known(200) },
  { path: "/api/session", verb: "HEAD", asks: "nothing", expected: known(200) },
  {
    path: "/api/session",
    verb: "POST",
    what: "sign in by the token",
    asks: "nothing",
    expected: [415, 200, 200, 200, 200, 401, 401, 415, 403, ...byLink(401)],
  },
  {
    path: "/api/session",
    verb: "DELETE",
    what: "sign out",
    asks: "nothing",
    expected: known(204).with(WHO.indexOf("cookie, other page"), 403),
  },
  options("/api/session"),
];

/** The matrix as a table in Markdown, without alignment. */
export function matrixTable(): string[] {
  return [
    `| route | verb | asks for | ${WHO.join(" | ")} |`,
    `|${"---|".repeat(WHO.length + 3)}`,
    ...MATRIX.map(({ path, verb, what, asks, expected }) => {
      const route = path.replace(/(?:UN)?FINISHED|PARTIAL|LINKID/, "<id>").replace(/[A-Z]+LINK$/, "<secret>");
      return `| \`${route}\` | \`${verb}\`${what === undefined ? "" : ` ${what}`} | ${asks} | ${
        expected.join(" | ")
      } |`;
    }),
  ];
}
