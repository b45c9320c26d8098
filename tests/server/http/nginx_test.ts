import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../../support/bytes.ts";
import { startNginx } from "../../support/nginx.ts";
import { startServer } from "../../support/pawl.ts";
import { connect, head } from "../../support/raw.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { nginxTest } from "../../support/with_nginx.ts";

const content = someBytes(1000);
const MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER = "Sun, 06 Nov 1994 08:49:38 GMT";

/** Stands for the entity tag that a server gives the file. */
const TAG = "TAG";

type Headers = Readonly<Record<string, string>>;

const RANGES: readonly string[] = [
  "bytes=0-",
  "bytes=0-0",
  "bytes=10-19",
  "bytes=990-2000",
  "bytes=-10",
  "bytes=-5000",
  "bytes=1000-",
  "bytes=1000-2000",
  "bytes=-0",
  "BYTES=1-2",
  "items=1-2",
  "bytes=",
  "bytes=5-3",
  "bytes=-",
  "bytes=a-b",
  "bytes=3",
  "bytes=1 - 2",
  "bytes=1-2,",
  "bytes=0-99999999999999999999",
  "bytes=0-1,3-4",
  "bytes=0-1,2000-",
  "bytes=2000-,3000-",
];

const CONDITIONS: readonly Headers[] = [
  {},
  { "If-Match": TAG },
  { "If-Match": `"other", ${TAG}` },
  { "If-Match": "*" },
  { "If-Match": `W/${TAG}` },
  { "If-Match": '"other"' },
  { "If-Match": "malformed" },
  { "If-Unmodified-Since": MODIFIED },
  { "If-Unmodified-Since": LATER },
  { "If-Unmodified-Since": EARLIER },
  { "If-Unmodified-Since": "malformed" },
  { "If-None-Match": TAG },
  { "If-None-Match": `"other", ${TAG}` },
  { "If-None-Match": "*" },
  { "If-None-Match": `W/${TAG}` },
  { "If-None-Match": '"other"' },
  { "If-None-Match": "malformed" },
  { "If-Modified-Since": MODIFIED },
  { "If-Modified-Since": "Sunday, 06-Nov-94 08:49:37 GMT" },
  { "If-Modified-Since": "Sun Nov  6 08:49:37 1994" },
  { "If-Modified-Since": LATER },
  { "If-Modified-Since": EARLIER },
  { "If-Modified-Since": "malformed" },
  { "If-Range": TAG },
  { "If-Range": `W/${TAG}` },
  { "If-Range": '"other"' },
  { "If-Range": MODIFIED },
  { "If-Range": LATER },
  { "If-Range": EARLIER },
  { "If-Range": "malformed" },
  { "If-Match": TAG, "If-None-Match": TAG },
  { "If-Match": '"other"', "If-None-Match": TAG },
  { "If-Match": TAG, "If-Unmodified-Since": EARLIER },
  { "If-None-Match": '"other"', "If-Modified-Since": MODIFIED },
  { "If-None-Match": TAG, "If-Modified-Since": EARLIER },
  { "If-Unmodified-Since": EARLIER, "If-Modified-Since": MODIFIED },
];

const REQUESTS: readonly (readonly [method: string, headers: Headers])[] = [
  ...RANGES.map((range) => ["GET", { "Range": range }] as const),
  ...["GET", "HEAD"].flatMap((method) =>
    [{}, { "Range": "bytes=0-9" }, { "Range": "bytes=1000-" }].flatMap((range) =>
      CONDITIONS.map((conditions) => [method, { ...range, ...conditions }] as const)
    )
  ),
];

/** Where Pawl is right to differ from nginx 1.22: the name of the difference, its reason, and the requests. */
const DIFFERENCES: Readonly<Record<string, (method: string, headers: Headers) => boolean>> = {
  // RFC 9110, section 14.2: "GET is the only method for which range handling is defined". nginx gives HEAD a 206.
  "HEAD has no ranges": (method, { Range }) => method === "HEAD" && Range !== undefined,
  // Section 14.2 lets a server ignore or reject it. Ignored, it costs a careless client nothing. nginx refuses it.
  "a malformed range is ignored": (_, { Range }) =>
    ["bytes=5-3", "bytes=-", "bytes=a-b", "bytes=3", "bytes=1 - 2"].includes(Range!),
  // Section 5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements". nginx refuses them.
  "a list may have empty elements": (_, { Range }) => Range === "bytes=1-2,",
  // Section 14.1.2: a last position behind the end means the end. nginx refuses numbers of more than 64 bits.
  "a last position may be any number": (_, { Range }) => Range === "bytes=0-99999999999999999999",
  // Section 14.2 lets a server ignore several ranges. nginx answers with multipart/byteranges.
  "several ranges give the whole": (_, { Range }) => /\d.*,.*\d/.test(Range ?? ""),
  // Section 13.1.4: "A recipient MUST ignore the If-Unmodified-Since header field if the received field value is not a
  // valid HTTP-date". nginx gives 412.
  "a malformed date is no condition": (_, headers) => headers["If-Unmodified-Since"] === "malformed",
  // Section 13.1.3: the condition is false for a date that is "earlier or equal". nginx wants it equal.
  "a later date is as good": (_, headers) => headers["If-Modified-Since"] === LATER,
  // Section 13.2.2, step 3: If-Modified-Since counts only without If-None-Match. nginx wants both to hold.
  "If-None-Match overrules a date": (_, headers) => "If-None-Match" in headers && "If-Modified-Since" in headers,
  // Section 13.2.2, step 1: If-Unmodified-Since counts only without If-Match. nginx wants both to hold.
  "If-Match overrules a date": (_, headers) => "If-Match" in headers && "If-Unmodified-Since" in headers,
};

/** The part of an answer in which two servers of one file can agree. */
interface Facts {
  readonly status: number;
  readonly contentRange: string | null;
  /** Not compared in a 206, where nginx leaves it out. */
  readonly acceptRanges: string | null;
  /** Not compared in a 304, where nginx repeats it beside the tag; section 15.4.5 advises against that. */
  readonly lastModified: string | null;
  readonly tag: string | null;
  /** The length and the bytes of the file that came. The text of a refusal is each server's own. */
  readonly bytes: string | null;
}

async function ask(port: number, [method, path]: [string, string], headers: Headers): Promise<Facts> {
  using connection = await connect(port);
  await connection.send(head(`${method} ${path}`, headers));
  const { status, headers: answer, body } = await connection.answer(method === "HEAD" ? "HEAD" : undefined);
  return {
    status,
    contentRange: answer.get("content-range"),
    acceptRanges: status === 206 ? null : answer.get("accept-ranges"),
    lastModified: status === 304 ? null : answer.get("last-modified"),
    tag: answer.get("etag"),
    bytes: status === 200 || status === 206 ? `${answer.get("content-length")} ${body}` : null,
  };
}

nginxTest("nginx answers as Pawl does, but for the differences that have a reason", async () => {
  await using dir = await tempDir();
  await using pawl = await startServer();
  await using nginx = await startNginx(dir.path, {
    http: "access_log off; error_log stderr crit;",
    server: `root ${join(pawl.data, "files")};`,
  });
  const facts = { "X-File-Id": "a", "X-File-Name": "a", "X-File-Modified": String(Date.parse(MODIFIED)) };
  const sent = await fetch(new URL("upload", pawl.url), { method: "POST", headers: facts, body: content });
  assertEquals(await sent.text(), "Success 1000");
  const servers = await Promise.all(
    [[pawl.port, sent.headers.get("location")!] as const, [nginx.port, "/a"] as const].map(
      async ([port, path]) => ({ port, path, tag: (await ask(port, ["GET", path], {})).tag! }),
    ),
  );
  const seen = new Set<string>();
  for (const [method, headers] of REQUESTS) {
    const [own, other] = await Promise.all(servers.map(async ({ port, path, tag }) => {
      const withTag = Object.entries(headers).map(([name, value]) => [name, value.replace(TAG, tag)]);
      const answer = await ask(port, [method, path], Object.fromEntries(withTag));
      return { ...answer, tag: answer.tag === tag };
    }));
    const reasons = Object.keys(DIFFERENCES).filter((name) => DIFFERENCES[name]!(method, headers));
    const isEqual = JSON.stringify(own) === JSON.stringify(other);
    if (isEqual) continue;
    if (reasons.length === 0) assertEquals([method, headers, own], [method, headers, other]);
    for (const reason of reasons) seen.add(reason);
  }
  assertEquals([...seen].sort(), Object.keys(DIFFERENCES).sort());
  assert(servers.every(({ tag }) => /^"[^"]+"$/.test(tag)));
});
