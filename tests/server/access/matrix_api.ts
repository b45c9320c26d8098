import { all, byLink, known, options, type Row, toLinks, toRead, toUpload, toVisitors, WHO } from "./matrix_columns.ts";

/** The rows of the matrix about lists, limits, links and sessions. */
export const API_ROWS: readonly Row[] = [
  {
    path: "/api/uploads",
    verb: "GET",
    what: "the list",
    asks: "read",
    expected: toRead(200),
  },
  {
    path: "/api/uploads",
    verb: "HEAD",
    asks: "read",
    expected: toRead(200),
  },
  {
    path: "/api/uploads?link=LINKID",
    verb: "GET",
    what: "what came by a link",
    asks: "read",
    expected: toRead(200),
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
