import { assertEquals } from "@std/assert";
import { startServer } from "../../support/pawl.ts";
import { connect, head } from "../../support/raw.ts";

const BODY = { "Content-Length": 10, "Expect": "100-continue" };
const SIMPLE = { ...BODY, "X-File-Id": "new" };
const TUS = { ...BODY, "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream" };
const APPEND = { ...TUS, "Upload-Offset": 0 };
const FORM = { ...BODY, "Content-Type": "multipart/form-data" };

/** Requests with a body that nobody has to see for the refusal. `UPLOAD` is an upload of tus, 100 bytes long. */
const REFUSED: readonly (readonly [request: string, headers: Record<string, string | number>, code: string])[] = [
  ["POST /upload", { ...SIMPLE, "X-Start-Byte": 5 }, "wrong-offset"],
  ["POST /upload", { ...SIMPLE, "X-File-Size": 5 }, "too-long"],
  ["POST /upload", { ...SIMPLE, "X-File-Size": 2000 }, "too-large"],
  ["POST /upload", { ...SIMPLE, "X-File-Size": "many" }, "bad-request"],
  ["POST /upload", { ...SIMPLE, "Content-Digest": "sha-256=none" }, "bad-request"],
  ["POST /upload", { ...SIMPLE, "Content-Encoding": "gzip" }, "wrong-media-type"],
  ["POST /upload", BODY, "bad-request"],
  ["POST /upload", FORM, "bad-request"],
  ["PATCH UPLOAD", { ...APPEND, "Upload-Offset": 7 }, "wrong-offset"],
  ["PATCH UPLOAD", { ...APPEND, "Content-Length": 101 }, "too-long"],
  ["PATCH UPLOAD", { ...APPEND, "Content-Type": "text/plain" }, "wrong-media-type"],
  ["PATCH UPLOAD", { ...APPEND, "Tus-Resumable": "0.2.2" }, "wrong-version"],
  ["PATCH /files/unknown", APPEND, "not-found"],
  ["POST /files/", { ...TUS, "Upload-Length": 2000 }, "too-large"],
  ["POST /nothing", BODY, "not-found"],
  ["PUT /upload", BODY, "method-not-allowed"],
  ["POST /upload", { ...SIMPLE, "Host": "other.example" }, "misdirected"],
];

Deno.test("a client that asks before it sends its body hears the refusal, and 100 only when its body is wanted", async () => {
  await using server = await startServer({ listener: "node", maxBytes: 1000 });
  const begun = await fetch(new URL("files/", server.url), {
    method: "POST",
    headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "100" },
  });
  await begun.body?.cancel();
  const upload = new URL(begun.headers.get("location")!, server.url).pathname;
  const asked = (request: string, headers: Record<string, string | number>) =>
    head(request.replace("UPLOAD", upload), { Host: `127.0.0.1:${server.port}`, ...headers });

  for (const [request, headers, code] of REFUSED) {
    using connection = await connect(server.port);
    await connection.send(asked(request, headers));
    const answer = await connection.answer();
    assertEquals([request, answer.headers.get("x-error"), connection.interim], [request, code, []]);
  }
  for (const [request, headers] of [["POST /upload", SIMPLE], ["PATCH UPLOAD", APPEND]] as const) {
    using connection = await connect(server.port);
    await connection.send(asked(request, headers));
    await connection.untilInterim(1);
    assertEquals([request, connection.interim.map(({ status }) => status)], [request, [100]]);
    await connection.send("0123456789");
    assertEquals((await connection.answer()).headers.get("upload-offset"), "10");
  }
});
