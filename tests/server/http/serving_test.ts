import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { sha256, someBytes } from "../../support/bytes.ts";
import { HTML, PNG, wav } from "../../support/first_bytes.ts";
import { openTestApp } from "../../support/pawl.ts";
import { serveFile } from "../../support/served_file.ts";
import { simpleClient } from "../../support/simple_client.ts";

const content = someBytes(1000);
const DIGEST = sha256(content);
const MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
const FACTS = {
  "X-File-Type": "video/mp4",
  "X-File-Modified": String(Date.parse(MODIFIED) + 400),
  "Repr-Digest": `sha-256=:${DIGEST}:`,
};
const ETAG = `"${DIGEST.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")}"`;

/** The headers of the safety of every answer, which are the same for all. */
const SAFE = ["content-security-policy", "cross-origin-resource-policy", "x-content-type-options"];

/** All headers of an answer with the whole file, without those of its safety. */
const WHOLE = {
  "accept-ranges": "bytes",
  "cache-control": "private, no-cache",
  "content-disposition": `attachment; filename="a.mp4"; filename*=UTF-8''a.mp4`,
  "content-length": "1000",
  "content-type": "application/octet-stream",
  "etag": ETAG,
  "last-modified": MODIFIED,
  "repr-digest": `sha-256=:${DIGEST}:`,
};

function withoutSafe(headers: Headers): Record<string, string> {
  for (const name of SAFE) assert(headers.has(name), `The answer lacks ${name}`);
  return Object.fromEntries([...headers].filter(([name]) => !SAFE.includes(name)));
}

type Row = [request: Record<string, string>, status: number, range?: [start: number, end: number]];

/** The state of the upload, which the whole file tells in its head (draft-ietf-httpbis-resumable-upload, section 4.3). */
const STATE = {
  "upload-complete": "?1",
  "upload-length": "1000",
  "upload-limit": "min-size=0",
  "upload-offset": "1000",
};

/** Requests by `GET`: the conditions before the range, and the range by its own condition (RFC 9110, 13.2.2). */
const TABLE: Row[] = [
  [{}, 200],
  [{ "Range": "bytes=0-" }, 206, [0, 1000]],
  [{ "Range": "bytes=10-19" }, 206, [10, 20]],
  [{ "Range": "bytes=-10" }, 206, [990, 1000]],
  [{ "Range": "bytes=990-2000" }, 206, [990, 1000]],
  [{ "Range": "bytes=1000-" }, 416],
  [{ "Range": "bytes=-0" }, 416],
  [{ "Range": "bytes=0-1,5-6" }, 200],
  [{ "Range": "bytes=6-5" }, 200],
  [{ "Range": "lines=1-2" }, 200],
  [{ "Range": "bytes=0-9", "If-Range": ETAG }, 206, [0, 10]],
  [{ "Range": "bytes=0-9", "If-Range": MODIFIED }, 206, [0, 10]],
  [{ "Range": "bytes=0-9", "If-Range": `W/${ETAG}` }, 200],
  [{ "Range": "bytes=0-9", "If-Range": '"other"' }, 200],
  [{ "Range": "bytes=0-9", "If-Range": EARLIER }, 200],
  [{ "Range": "bytes=1000-", "If-Range": '"other"' }, 200],
  [{ "If-Range": '"other"' }, 200],
  [{ "If-Match": ETAG }, 200],
  [{ "If-Match": '"other"' }, 412],
  [{ "If-Match": '"other"', "Range": "bytes=1000-" }, 412],
  [{ "If-Match": ETAG, "Range": "bytes=0-9" }, 206, [0, 10]],
  [{ "If-Unmodified-Since": MODIFIED }, 200],
  [{ "If-Unmodified-Since": EARLIER }, 412],
  [{ "If-None-Match": ETAG }, 304],
  [{ "If-None-Match": `W/${ETAG}` }, 304],
  [{ "If-None-Match": "*" }, 304],
  [{ "If-None-Match": '"other"' }, 200],
  [{ "If-None-Match": ETAG, "Range": "bytes=1000-" }, 304],
  [{ "If-None-Match": '"other"', "If-Modified-Since": MODIFIED }, 200],
  [{ "If-Modified-Since": MODIFIED }, 304],
  [{ "If-Modified-Since": EARLIER }, 200],
  [{ "If-Match": '"other"', "If-None-Match": ETAG }, 412],
  [{ "If-Match": ETAG, "If-None-Match": ETAG }, 304],
];

Deno.test("each answer to a conditional or partial request has its status, its headers, and its bytes", async () => {
  await using pawl = await openTestApp();
  const file = await serveFile(pawl, "a.mp4", content, FACTS);
  for (const [request, status, range] of TABLE) {
    const answer = await file.ask(request);
    assertEquals([request, answer.status], [request, status]);
    const headers = withoutSafe(answer.headers);
    if (status === 200) {
      assertEquals([request, headers, answer.bytes], [request, { ...WHOLE, ...STATE }, content]);
    } else if (status === 206) {
      const [start, end] = range!;
      assertEquals([request, headers], [request, {
        ...WHOLE,
        "content-length": String(end - start),
        "content-range": `bytes ${start}-${end - 1}/1000`,
      }]);
      assertEquals(answer.bytes, content.slice(start, end));
    } else if (status === 304) {
      assertEquals([request, headers], [request, { "etag": ETAG, "cache-control": "private, no-cache" }]);
      assertEquals(answer.bytes.length, 0);
    } else {
      const { "content-type": type, "cache-control": cache, "x-error": code, ...others } = headers;
      assertEquals([type, cache], ["text/plain; charset=UTF-8", "no-store"]);
      assertEquals(
        [code, others],
        status === 412 ? ["precondition-failed", {}] : ["range-not-satisfiable", {
          "content-range": "bytes */1000",
        }],
      );
    }
  }
});

Deno.test("HEAD is answered as GET is, without the body, and has no ranges", async () => {
  await using pawl = await openTestApp();
  const file = await serveFile(pawl, "a.mp4", content, FACTS);
  for (const [request] of TABLE) {
    const { "Range": _, ...conditions } = request;
    const [get, head] = [await file.ask(conditions), await file.ask(request, "HEAD")];
    assertEquals([request, head.status, [...head.headers]], [request, get.status, [...get.headers]]);
  }
});

Deno.test("a file without a digest has a tag of its own, whatever its bytes are", async () => {
  await using pawl = await openTestApp();
  const files = [await serveFile(pawl, "a", content), await serveFile(pawl, "b", content)];
  const tags = await Promise.all(files.map(async ({ ask }) => (await ask()).headers.get("etag")!));
  assertNotEquals(tags[0], tags[1]);
  for (const [at, { ask, path }] of files.entries()) {
    assertMatch(tags[at]!, /^"[\w-]{43}"$/);
    assert(!tags[at]!.includes(path.slice("/files/".length)));
    assertEquals((await ask({ "If-None-Match": tags[at]! })).status, 304);
    assertEquals((await ask()).headers.get("repr-digest"), null);
  }
});

Deno.test("a time of change in the future is given as now", async () => {
  const now = Date.UTC(2026, 0, 1);
  await using pawl = await openTestApp({ now: () => now });
  const { ask } = await serveFile(pawl, "a", content, { "X-File-Modified": String(now + 86_400_000) });
  assertEquals((await ask()).headers.get("last-modified"), new Date(now).toUTCString());
});

Deno.test("an empty file has no range but its end", async () => {
  await using pawl = await openTestApp();
  const { ask } = await serveFile(pawl, "a", "");
  const answers = [];
  for (const range of ["bytes=0-", "bytes=-5"]) {
    const { status, headers, bytes } = await ask({ "Range": range });
    answers.push([status, headers.get("content-range"), bytes.length === 0]);
  }
  assertEquals(answers, [[416, "bytes */0", false], [200, null, true]]);
});

Deno.test("a browser shows what its first bytes say that it may, and saves everything else", async () => {
  await using pawl = await openTestApp();
  const BYTES = "application/octet-stream";
  const table: [name: string, type: string | undefined, content: Uint8Array<ArrayBuffer> | string, expected: string][] =
    [
      ["a.png", undefined, PNG, "inline image/png"],
      ["b.jpg", "image/jpeg", PNG, "inline image/png"],
      ["c.wav", undefined, wav(1), "inline audio/wave"],
      ["d.txt", undefined, "Hello", "inline text/plain; charset=UTF-8"],
      ["e.pdf", "application/pdf", "%PDF-1.7", "inline application/pdf"],
      ["f.png", undefined, HTML, `attachment ${BYTES}`],
      ["g.png", "image/png", "<svg onload='alert(1)'/>", `attachment ${BYTES}`],
      ["h.svg", undefined, "<svg/>", `attachment ${BYTES}`],
      ["i.html", "text/html", PNG, `attachment ${BYTES}`],
      ["j", undefined, PNG, `attachment ${BYTES}`],
      ["k.???", undefined, PNG, `attachment ${BYTES}`],
      ["l.txt", undefined, "a\0b", `attachment ${BYTES}`],
      ["m.html", "text/plain", HTML, "inline text/plain; charset=UTF-8"],
    ];
  for (const [name, type, content, expected] of table) {
    const { ask } = await serveFile(pawl, name, content, type === undefined ? {} : { "X-File-Type": type });
    for (const method of ["GET", "HEAD"]) {
      const { headers } = await ask({}, method);
      const [disposition] = headers.get("content-disposition")!.split(";");
      assertEquals([name, `${disposition} ${headers.get("content-type")}`], [name, expected]);
    }
  }
});

Deno.test("nothing runs in what a browser shows, and only a player is of the server's own origin", async () => {
  await using pawl = await openTestApp();
  const policies: [name: string, content: Uint8Array<ArrayBuffer> | string, sandbox: string, sources: string[]][] = [
    ["a.png", PNG, "sandbox", ["default-src 'none'", "style-src 'unsafe-inline'"]],
    ["b.wav", wav(1), "sandbox allow-same-origin", [
      "default-src 'none'",
      "media-src 'self'",
      "style-src 'unsafe-inline'",
    ]],
    ["c.txt", "Hello", "sandbox", ["default-src 'none'"]],
    ["d.pdf", "%PDF-1.7", "sandbox", ["default-src 'none'"]],
    ["e.wav", HTML, "sandbox", ["default-src 'none'"]],
  ];
  for (const [name, content, sandbox, sources] of policies) {
    const { ask } = await serveFile(pawl, name, content);
    const { headers } = await ask();
    const policy = headers.get("content-security-policy")!.split("; ");
    assertEquals([name, ...policy], [name, sandbox, ...sources, "frame-ancestors 'none'"]);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("cross-origin-resource-policy"), "same-origin");
    // A browser replaces the headers that it has by those of a 304.
    const again = await ask({ "If-None-Match": "*" });
    assertEquals([again.status, ...SAFE.map((name) => again.headers.get(name))], [
      304,
      ...SAFE.map((name) => headers.get(name)),
    ]);
  }
});

Deno.test("DELETE keeps a file if its conditions do not hold", async () => {
  await using pawl = await openTestApp();
  const file = await serveFile(pawl, "a", content, FACTS);
  for (const condition of [{ "If-Match": '"other"' }, { "If-None-Match": "*" }, { "If-Unmodified-Since": EARLIER }]) {
    assertEquals([condition, (await file.ask(condition, "DELETE")).status], [condition, 412]);
  }
  assertEquals((await file.ask({ "If-Match": ETAG }, "DELETE")).status, 204);
  assertEquals((await file.ask({ "If-Match": ETAG }, "DELETE")).status, 410);
  assertEquals(await pawl.finishedNames(), []);
});

Deno.test("DELETE of an unfinished upload knows that there is no file yet", async () => {
  await using pawl = await openTestApp();
  const sent = await simpleClient(pawl.app).send("a", 0, content, { "X-File-Size": "2000" });
  const remove = async (headers: Record<string, string>) =>
    (await pawl.app(new Request(`http://localhost${sent.headers.get("location")}`, { method: "DELETE", headers })))
      .status;
  assertEquals([await remove({ "If-Match": "*" }), await remove({ "If-None-Match": "*" })], [412, 204]);
});
