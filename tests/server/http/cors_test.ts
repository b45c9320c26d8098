import { assertEquals } from "@std/assert";
import { createApp } from "../../../server/http/app.ts";
import { createCors } from "../../../server/http/cors.ts";
import { ANSWER_HEADERS, CONNECTION_HEADERS, REQUEST_HEADERS } from "../../../server/http/header_names.ts";
import { ANYBODY_IN } from "../../support/anybody.ts";
import { sha256 } from "../../support/bytes.ts";
import { memoryLog } from "../../support/log.ts";
import { openTestApp } from "../../support/pawl.ts";
import { type Recorded, recordedApp } from "../../support/recorded_app.ts";
import { base64 } from "../../support/tus_wire.ts";

const A = "https://a.example";
const B = "https://b.example";
const rules = { methods: ["GET", "PATCH"], requestHeaders: ["X-In", "X-In-Too"], answerHeaders: ["X-Out"] };
const readable = { "Vary": "Origin", "Access-Control-Expose-Headers": "X-Out" };
const preflight = {
  "Access-Control-Allow-Methods": "GET, PATCH",
  "Access-Control-Allow-Headers": "X-In, X-In-Too",
  "Access-Control-Max-Age": "86400",
};

const TABLE: [origins: string[], method: string, origin: string | null, headers: Record<string, string>][] = [
  [[], "GET", A, {}],
  [[], "OPTIONS", A, {}],
  [[A], "GET", null, { "Vary": "Origin" }],
  [[A], "GET", B, { "Vary": "Origin" }],
  [[A], "GET", "null", { "Vary": "Origin" }],
  [[A], "OPTIONS", B, { "Vary": "Origin" }],
  [[A], "GET", A, { ...readable, "Access-Control-Allow-Origin": A }],
  [[B, A], "PATCH", A, { ...readable, "Access-Control-Allow-Origin": A }],
  [[A], "OPTIONS", A, { ...readable, ...preflight, "Access-Control-Allow-Origin": A }],
  [["*"], "GET", B, { ...readable, "Access-Control-Allow-Origin": "*" }],
  [["*"], "OPTIONS", "null", { ...readable, ...preflight, "Access-Control-Allow-Origin": "*" }],
  [["*"], "GET", null, { "Vary": "Origin" }],
];

Deno.test("only a page of an allowed origin is told what it may send and read", () => {
  for (const [origins, method, origin, headers] of TABLE) {
    const given = createCors({ origins, ...rules })(method, origin);
    assertEquals([origins, method, origin, given], [origins, method, origin, headers]);
  }
});

Deno.test("the preflights of all resources list every method and header that any of them takes", async () => {
  await using pawl = await openTestApp({ allowedOrigins: [A] });
  for (const path of ["/status", "/upload", "/files/", "/files/AAAAAAAAAAAAAAAAAAAAAA", "/files/nothing"]) {
    const { headers } = await pawl.app(
      new Request(`http://localhost${path}`, { method: "OPTIONS", headers: { Origin: A } }),
    );
    assertEquals([path, headers.get("access-control-allow-methods")], [
      path,
      "GET, HEAD, OPTIONS, POST, DELETE, PUT, PATCH",
    ]);
    assertEquals(headers.get("access-control-allow-headers"), REQUEST_HEADERS.join(", "));
  }
});

/** The answer headers that pages may read without CORS, or have no use for. */
const FOR_BROWSERS = new Set([
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
  "allow",
  "cache-control",
  "content-length",
  "content-security-policy",
  "content-type",
  "cross-origin-resource-policy",
  "last-modified",
  "vary",
  "x-content-type-options",
]);

/** The request headers that a page does not set, or may set without CORS. */
const BROWSERS_OWN = new Set([
  "host",
  "origin",
  "sec-fetch-site",
  "cookie",
  "accept",
  ...CONNECTION_HEADERS.map((name) => name.toLowerCase()),
]);

Deno.test("a page may send every header that a handler reads, and read every one that an answer has, and no other", async () => {
  await using pawl = await openTestApp({ allowedOrigins: [A], maxBytes: 1000 });
  const recorded = recordedApp(pawl.app);
  await useEverything(recorded);
  await pawl.interrupt();
  await recorded.ask("POST /upload", { "X-File-Id": "late", Origin: A }, "abc");
  const broken = recordedApp(createApp({
    gate: () => "/bug",
    routes: [{
      path: /^\/bug$/,
      template: "/bug",
      methods: { GET: () => Promise.reject(new TypeError("bug")) },
      needs: { GET: "nothing" },
      crossOrigin: true,
    }],
    pages: { serve: () => Promise.resolve(undefined) },
    admission: { admit: () => {} },
    cors: () => ({}),
    ...ANYBODY_IN,
    log: memoryLog(),
  }));
  await broken.ask("GET /bug");
  const read = recorded.read.union(broken.read).difference(BROWSERS_OWN);
  assertEquals([...read].sort(), REQUEST_HEADERS.map((name) => name.toLowerCase()));
  const written = recorded.written.union(broken.written).difference(FOR_BROWSERS);
  assertEquals([...written].sort(), ANSWER_HEADERS.map((name) => name.toLowerCase()));
});

/** One request of every kind that the protocols know, and what they answer to it. */
async function useEverything({ ask }: Recorded): Promise<void> {
  const simple = { "X-File-Id": "a", Origin: A };
  await ask("OPTIONS /upload", simple);
  await ask("GET /status", { ...simple, Cookie: "pawl=a" });
  await ask("POST /upload", { ...simple, "X-File-Size": "6" }, "abc");
  await ask("GET /status", simple);
  await ask("POST /upload", { ...simple, "X-Start-Byte": "1" }, "abc");
  const { headers } = await ask("POST /upload", {
    ...simple,
    "X-Start-Byte": "3",
    "X-File-Size": "6",
    "Repr-Digest": `sha-256=:${sha256(new TextEncoder().encode("abcdef"))}:`,
  }, "def");
  await ask(`GET ${headers.get("location")}`, { Origin: A, "Range": "bytes=1-2" });
  await ask("DELETE /upload", simple);
  const tus = { "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", Origin: A };
  const metadata = `filename ${base64("b")}`;
  const begun = await ask("POST /files/", { ...tus, "Upload-Defer-Length": "1", "Upload-Metadata": metadata });
  await ask("OPTIONS /files/", { Origin: A });
  const path = begun.headers.get("location");
  await ask(`HEAD ${path}`, tus);
  await ask(`PATCH ${path}`, { ...tus, "Upload-Offset": "0", "Upload-Length": "3" }, "abc");
  const part = await ask("POST /files/", { ...tus, "Upload-Length": "3", "Upload-Concat": "partial" }, "abc");
  await ask(`HEAD ${part.headers.get("location")}`, tus);
  await ask(`DELETE ${path}`, tus);
  await ask(`PATCH ${path}`, { Origin: A }, "abc");
  const ietf = { "Upload-Draft-Interop-Version": "3", "Upload-Incomplete": "?0", Origin: A };
  await ask("POST /files/", { ...ietf, "Content-Disposition": "inline", "Want-Repr-Digest": "sha-256=1" }, "abc");
  for (const name of ["Content-Digest", "Repr-Digest"]) {
    await ask("POST /files/", { ...ietf, [name]: "md5=:AAAA:" }, "abc");
  }
}
