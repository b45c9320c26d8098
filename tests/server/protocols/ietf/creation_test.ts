import { assert, assertEquals, assertMatch } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { chunked, problemIn, stateIn, wireTest } from "../../../support/ietf_wire.ts";
import { base64 } from "../../../support/tus_wire.ts";

const file = someBytes(100_000);

wireTest("a file comes with the request that begins its upload, by POST and by PUT", async (openIetfWire) => {
  await using wire = await openIetfWire();
  for (const method of ["POST", "PUT"]) {
    const answer = await wire.ask(`${method} /files/`, {
      "Upload-Complete": "?1",
      "Content-Type": "image/png",
      "Content-Disposition": `inline; filename="${method}.png"`,
    }, file);
    assertEquals(stateIn(answer), [201, "100000", "?1"]);
    const path = answer.headers.get("location") ?? "";
    assertMatch(path, /^\/files\/[\w-]{22}$/);
    assertEquals(await wire.server.finished(`${method}.png`), file);
    assertEquals(stateIn(await wire.ask(`HEAD ${path}`, { "Upload-Draft-Interop-Version": 8 })), [204, "100000", "?1"]);
  }
});

wireTest(
  "a careful creation gives the address, the limits and the offset, and no byte is needed for it",
  async (openIetfWire) => {
    await using wire = await openIetfWire({ maxBytes: 5_000_000 });
    const answer = await wire.ask("POST /files/", { "Upload-Complete": "?0", "Upload-Length": 100_000 }, "");
    assertEquals(stateIn(answer), [201, "0", "?0"]);
    assertMatch(answer.headers.get("upload-limit") ?? "", /^max-size=5000000, max-age=60(?:47\d\d|4800)$/);
    const path = answer.headers.get("location") ?? "";
    assertEquals(stateIn(await wire.append(path, { offset: 0, isLast: true }, file)), [204, "100000", "?1"]);
    assertEquals(await wire.server.finished("file"), file);
  },
);

wireTest("a creation with a part of the file keeps it, with its length announced or not", async (openIetfWire) => {
  await using wire = await openIetfWire();
  for (const coding of [{}, { "Transfer-Encoding": "chunked" }]) {
    const part = file.subarray(0, 70_000);
    const body = "Transfer-Encoding" in coding ? chunked(part) : part;
    const answer = await wire.ask("POST /files/", { "Upload-Complete": "?0", ...coding }, body);
    assertEquals(stateIn(answer), [201, "70000", "?0"]);
    assertEquals(answer.headers.get("upload-length"), null);
    const path = answer.headers.get("location") ?? "";
    const rest = await wire.append(path, { offset: 70_000, isLast: true }, file.subarray(70_000));
    assertEquals([...stateIn(rest), rest.headers.get("upload-length")], [204, "100000", "?1", "100000"]);
  }
});

wireTest("an empty file is complete by ?1, and waits for that by the newest rules", async (openIetfWire) => {
  await using wire = await openIetfWire();
  assertEquals(stateIn(await wire.ask("POST /files/", { "Upload-Complete": "?1" }, "")), [201, "0", "?1"]);
  const path = await wire.create({ "Upload-Length": 0 });
  assertEquals(stateIn(await wire.ask(`HEAD ${path}`)), [204, "0", "?0"]);
  assertEquals(stateIn(await wire.append(path, { offset: 0, isLast: true }, "")), [204, "0", "?1"]);
  assertEquals(await wire.server.finishedNames(), ["file", "file (2)"]);
});

wireTest("a file has the name and type that its creation tells, cleaned as any other", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const names: [headers: Record<string, string>, expected: string][] = [
    [{ "Content-Disposition": 'inline; filename="a.txt"' }, "a.txt"],
    [{ "Content-Disposition": "attachment; filename=b.txt; filename*=UTF-8''%EB%B3%B4%EA%B3%A0.txt" }, "보고.txt"],
    [{ "Content-Disposition": 'attachment; filename="../../etc/passwd"' }, "passwd"],
    [{ "Content-Disposition": 'attachment; filename="C:\\\\fakepath\\\\c.txt"' }, "c.txt"],
    [{ "Content-Disposition": "attachment; filename*=UTF-8''a%2F..%2F..%2Fd%00.txt" }, "d.txt"],
    [{ "Content-Disposition": 'attachment; filename=".."' }, "file"],
    [{ "Content-Disposition": "inline" }, "file (2)"],
    [{ "Upload-Metadata": `filename ${base64("e.txt")},filetype ${base64("text/plain")}` }, "e.txt"],
  ];
  for (const [headers, expected] of names) {
    const before = await wire.server.finishedNames();
    const answer = await wire.ask("POST /files/", { "Upload-Complete": "?1", ...headers }, "abc");
    assertEquals([headers, answer.status], [headers, 201]);
    const after = await wire.server.finishedNames();
    assertEquals([headers, after.filter((name) => !before.includes(name))], [headers, [expected]]);
  }
  const text = await wire.ask("POST /files/", { "Upload-Complete": "?1", "Content-Type": "text/plain" }, "abc");
  const { headers } = await wire.ask(`GET ${text.headers.get("location")}`);
  assertEquals(headers.get("content-type"), "text/plain; charset=UTF-8");
});

wireTest("a creation whose fields contradict each other begins nothing", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const inconsistent = [400, "size-changed", "inconsistent-upload-length"];
  for (const length of [2, 4]) {
    const headers = { "Upload-Complete": "?1", "Upload-Length": length };
    assertEquals(problemIn(await wire.ask("POST /files/", headers, "abc")), inconsistent);
  }
  const over = await wire.ask("POST /files/", { "Upload-Complete": "?0", "Upload-Length": 2 }, "abc");
  assertEquals(problemIn(over), [400, "too-long", "inconsistent-upload-length"]);
  const chunkedOver = { "Upload-Complete": "?0", "Upload-Length": 2, "Transfer-Encoding": "chunked" };
  const long = await wire.ask("POST /files/", chunkedOver, chunked(file.subarray(0, 3)));
  assertEquals([...problemIn(long), long.headers.get("location")], [
    400,
    "too-long",
    "inconsistent-upload-length",
    null,
  ]);
  assertEquals(await wire.server.incomingNames(), []);
  assertEquals(await wire.server.finishedNames(), []);
});

wireTest(
  "a body without Content-Length that ends before its length is not complete, and can go on",
  async (openIetfWire) => {
    await using wire = await openIetfWire();
    const headers = { "Upload-Complete": "?1", "Upload-Length": 100_000, "Transfer-Encoding": "chunked" };
    const answer = await wire.ask("POST /files/", headers, chunked(file.subarray(0, 600)));
    assertEquals([...problemIn(answer), ...stateIn(answer)], [
      400,
      "size-changed",
      "inconsistent-upload-length",
      400,
      "600",
      "?0",
    ]);
    const path = answer.headers.get("location") ?? "";
    assertEquals(stateIn(await wire.append(path, { offset: 600, isLast: true }, file.subarray(600))), [
      204,
      "100000",
      "?1",
    ]);
  },
);

wireTest("a request without a word whether it is the last one is refused by the newest rules", async (openIetfWire) => {
  await using wire = await openIetfWire();
  for (const complete of ["true", "?2", "1", "?1, ?1"]) {
    const answer = await wire.ask("POST /files/", { "Upload-Complete": complete }, "abc");
    assertEquals([complete, ...problemIn(answer)], [complete, 400, "bad-request", undefined]);
  }
  assertEquals((await wire.ask("POST /files/", { "Upload-Draft-Interop-Version": 8 }, "abc")).status, 400);
  // No protocol at all: as it was.
  assertEquals((await wire.ask("POST /files/", {}, "abc")).status, 412);
  assertEquals((await wire.ask("PUT /files/", {}, "abc")).status, 405);
  assertEquals(await wire.server.finishedNames(), []);
});

wireTest("a body with a content coding, or a form, is refused before it is read", async (openIetfWire) => {
  await using wire = await openIetfWire();
  for (const headers of [{ "Content-Encoding": "gzip" }, { "Content-Type": "multipart/form-data; boundary=x" }]) {
    const answer = await wire.ask("POST /files/", { "Upload-Complete": "?1", ...headers }, "abc");
    assertEquals(answer.status, 415);
  }
});

wireTest("OPTIONS tells the limits, with and without a limit of the server", async (openIetfWire) => {
  await using wire = await openIetfWire({ maxBytes: 7000 });
  for (const path of ["/files/", "/files"]) {
    const { status, headers } = await wire.ask(`OPTIONS ${path}`);
    assertEquals([status, headers.get("upload-limit")], [204, "max-size=7000, max-age=604800"]);
    assert(headers.get("accept-patch")?.includes("application/partial-upload"));
  }
  const six = await wire.ask("OPTIONS /files/", { "Upload-Draft-Interop-Version": 6 });
  assertEquals(six.headers.get("upload-limit"), "max-size=7000, expires=604800");
  assertEquals((await wire.ask("OPTIONS /files/", { "Upload-Complete": "?1" })).status, 204);
});

wireTest("a file over the limit is refused with all limits", async (openIetfWire) => {
  await using wire = await openIetfWire({ maxBytes: 50_000 });
  for (const headers of [{ "Upload-Complete": "?1" }, { "Upload-Complete": "?0", "Upload-Length": 50_001 }]) {
    const answer = await wire.ask("POST /files/", headers, headers["Upload-Length"] ? "" : file);
    assertEquals([...problemIn(answer), answer.headers.get("upload-limit"), answer.headers.get("upload-complete")], [
      413,
      "too-large",
      undefined,
      "max-size=50000, max-age=604800",
      "?0",
    ]);
  }
  const wrong = await wire.ask("POST /files/", { "Upload-Complete": "?1", "Upload-Length": 50_001 }, "x");
  assertEquals(wrong.status, 413);
  const path = await wire.create();
  const long = await wire.append(path, { offset: 0 }, file);
  assertEquals([long.status, long.headers.get("upload-limit")], [413, "max-size=50000, max-age=604800"]);
  assertEquals(stateIn(await wire.ask(`HEAD ${path}`)), [204, "0", "?0"]);
});

wireTest("a page of another site cannot make its visitor send a file", async (openIetfWire) => {
  await using wire = await openIetfWire({ allowedOrigins: ["https://a.example"] });
  const send = (headers: Record<string, string>) =>
    wire.ask("POST /files/", { "Upload-Complete": "?1", ...headers }, "abc");
  for (const site of ["cross-site", "same-site"]) {
    const answer = await send({ "Origin": "https://evil.example", "Sec-Fetch-Site": site });
    assertEquals(problemIn(answer), [403, "forbidden", undefined]);
  }
  // A browser asks before it sends a PUT of another site's page.
  for (
    const [origin, allowed] of [["https://evil.example", null], ["https://a.example", "https://a.example"]] as const
  ) {
    const asked = { "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "upload-complete" };
    const { headers } = await wire.ask("OPTIONS /files/", { "Origin": origin, ...asked });
    assertEquals(headers.get("access-control-allow-origin"), allowed);
  }
  assertEquals((await send({ "Origin": "null" })).status, 403);
  assertEquals(await wire.server.finishedNames(), []);
  assertEquals((await send({ "Origin": "https://a.example", "Sec-Fetch-Site": "cross-site" })).status, 201);
  assertEquals((await send({ "Sec-Fetch-Site": "same-origin" })).status, 201);
  assertEquals((await send({})).status, 201);
});
