import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { untilReceived } from "../../../support/incoming.ts";
import { openTestApp, startServer } from "../../../support/pawl.ts";
import { simpleClient } from "../../../support/simple_client.ts";
import { base64, BODY_TYPE, openTusWire, told } from "../../../support/tus_wire.ts";
import { oneMachineTest } from "../../../support/test_store.ts";

// These tests cover mistakes of other servers, and behaviour that widely used clients rely on.

const file = someBytes(1000);
const DAY_MS = 86_400_000;

Deno.test("GET with Tus-Resumable tells the offset of an unfinished upload, and gives a finished one's bytes", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 10, "Upload-Metadata": `name ${base64("a")}` });
  await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc");
  const going = await wire.ask(`GET ${path}`);
  assertEquals([going.status, going.body], [200, ""]);
  assertEquals(told(going, "upload-offset", "upload-length", "cache-control"), ["3", "10", "no-store"]);
  assertEquals((await wire.ask(`GET ${path}`, { "Tus-Resumable": "" })).status, 404);
  await wire.send(`PATCH ${path}`, { "Upload-Offset": 3 }, "0123456");
  const done = await wire.ask(`GET ${path}`);
  assertEquals([done.status, done.body, ...told(done, "upload-offset")], [200, "abc0123456", "10"]);
  const plain = await wire.ask(`GET ${path}`, { "Tus-Resumable": "" });
  assertEquals([plain.status, plain.body, ...told(plain, "tus-resumable")], [200, "abc0123456", null]);
});

Deno.test("a DELETE without tus headers removes an upload all the same", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 10 });
  const answer = await wire.ask(`DELETE ${path}`, { "Tus-Resumable": "" });
  assertEquals([answer.status, ...told(answer, "tus-resumable")], [204, null]);
});

Deno.test("a body is refused at the byte that goes past Upload-Length, whatever its Content-Length says", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 10 });
  const over = await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, "0123456789a");
  assertEquals([over.status, ...told(over, "upload-offset")], [400, "0"]);
  using chunked = await wire.begin(`PATCH ${path}`, {
    "Upload-Offset": 0,
    "Content-Type": BODY_TYPE,
    "Transfer-Encoding": "chunked",
  });
  await chunked.send("b\r\n0123456789a\r\n");
  assertEquals((await chunked.answer()).status, 400);
  assertEquals(told(await wire.ask(`HEAD ${path}`), "upload-offset"), ["0"]);
});

Deno.test("a body of a deferred length is refused at the byte that goes past Tus-Max-Size", async () => {
  await using wire = await openTusWire({ maxBytes: 500 });
  const path = await wire.create({ "Upload-Defer-Length": 1 });
  using chunked = await wire.begin(`PATCH ${path}`, {
    "Upload-Offset": 0,
    "Content-Type": BODY_TYPE,
    "Transfer-Encoding": "chunked",
  });
  await chunked.send("3e8\r\n");
  await chunked.send(file);
  assertEquals((await chunked.answer()).status, 413);
  assertEquals((await wire.send("POST /files/", { "Upload-Defer-Length": 1 }, file)).status, 413);
});

Deno.test("a body that is refused at its head is read on to a bound: its client gets the answer", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 3_000_000 });
  const headers = { "Upload-Offset": 5, "Content-Type": BODY_TYPE, "Content-Length": 3_000_000 };
  using refused = await wire.begin(`PATCH ${path}`, headers);
  assertEquals(await refused.send(someBytes(3_000_000)), true);
  const { status, headers: told } = await refused.answer();
  assertEquals([status, told.get("upload-offset")], [409, "0"]);
});

Deno.test("an unfinished upload expires a fixed time after its last byte; a finished one never does", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using wire = await openTusWire({ now: () => now, expireAfterMs: 2 * DAY_MS });
  const path = await wire.create({ "Upload-Length": 10 });
  const done = await wire.send("POST /files/", { "Upload-Length": 3 }, "abc");
  now += DAY_MS;
  const answer = await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc");
  assertEquals(told(answer, "upload-expires"), [new Date(now + 2 * DAY_MS).toUTCString()]);
  now += DAY_MS;
  const empty = await wire.send(`PATCH ${path}`, { "Upload-Offset": 3 }, "");
  assertEquals([empty.status, ...told(empty, "upload-offset", "upload-expires")], [
    204,
    "3",
    new Date(now + 2 * DAY_MS).toUTCString(),
  ]);
  now += 1.5 * DAY_MS;
  await wire.server.sweep();
  assertEquals((await wire.ask(`HEAD ${path}`)).status, 200);
  now += DAY_MS;
  await wire.server.sweep();
  const gone = await wire.ask(`HEAD ${path}`);
  assertEquals([gone.status, ...told(gone, "upload-offset", "x-error")], [410, null, "gone"]);
  now += 365 * DAY_MS;
  await wire.server.sweep();
  assertEquals((await wire.ask(`GET ${done.headers.get("location")}`)).body, "abc");
});

Deno.test("an empty PATCH finishes a deferred upload whose length it sets", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Defer-Length": 1, "Upload-Metadata": `name ${base64("a")}` });
  await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, file);
  const last = await wire.send(`PATCH ${path}`, { "Upload-Offset": 1000, "Upload-Length": 1000 }, "");
  assertEquals([last.status, ...told(last, "upload-offset", "upload-expires")], [204, "1000", null]);
  assertEquals(await wire.server.finished("a"), file);
});

Deno.test("the last PATCH again, on a finished upload, is answered like the first time when it brings nothing", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 3 });
  await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc");
  assertEquals((await wire.send(`PATCH ${path}`, { "Upload-Offset": 3 }, "")).status, 204);
  assertEquals((await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc")).status, 409);
});

Deno.test("HEAD answers soon while a dead PATCH hangs, and the next PATCH goes on from its offset", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 1000, "Upload-Metadata": `name ${base64("a")}` });
  using hanging = await wire.begin(`PATCH ${path}`, {
    "Upload-Offset": 0,
    "Content-Length": 1000,
    "Content-Type": BODY_TYPE,
  });
  await hanging.send(file.subarray(0, 400));
  await untilReceived(wire.server.data, 400);
  assertEquals(told(await wire.ask(`HEAD ${path}`), "upload-offset"), ["400"]);
  assertEquals((await wire.send(`PATCH ${path}`, { "Upload-Offset": 400 }, file.subarray(400))).status, 204);
  assertEquals(await wire.server.finished("a"), file);
  assertEquals((await hanging.answer()).status, 409);
});

oneMachineTest(
  "a finish that fails shows: HEAD does not tell an offset that is the length, and does not lose the upload",
  async () => {
    await using wire = await openTusWire();
    const path = await wire.create({ "Upload-Length": 3, "Upload-Metadata": `name ${base64("a")}` });
    await Deno.remove(`${wire.server.data}/files`);
    await Deno.writeTextFile(`${wire.server.data}/files`, "in the way");
    assertEquals((await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc")).status, 500);
    const failed = await wire.ask(`HEAD ${path}`);
    assertEquals([failed.status, ...told(failed, "upload-length")], [423, null]);
    assert(failed.headers.get("upload-offset") !== "3");
    await Deno.remove(`${wire.server.data}/files`);
    await Deno.mkdir(`${wire.server.data}/files`);
    assertEquals(told(await wire.ask(`HEAD ${path}`), "upload-offset", "upload-length"), ["3", "3"]);
    assertEquals(await wire.server.finishedNames(), ["a"]);
  },
);

Deno.test("Location is a path, or begins with the public address where there is one", async () => {
  for (const publicUrl of ["", "https://a.example/up"]) {
    await using wire = await openTusWire({ publicUrl, allowedHosts: ["*"] });
    const path = await wire.create({ "Upload-Length": 3, Host: "evil.example" });
    assertEquals(path.slice(0, -22), `${publicUrl}/files/`);
  }
});

Deno.test("a page of another origin may send and read all that tus needs, and reads errors too", async () => {
  await using wire = await openTusWire({ allowedOrigins: ["https://a.example"] });
  const origin = { Origin: "https://a.example" };
  const preflight = await wire.ask("OPTIONS /files/", {
    ...origin,
    "Tus-Resumable": "",
    "Access-Control-Request-Method": "POST",
  });
  const allowed = preflight.headers.get("access-control-allow-headers")?.split(", ") ?? [];
  for (const name of ["Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Concat"]) {
    assert(allowed.includes(name), name);
  }
  for (const name of ["Upload-Defer-Length", "Upload-Checksum", "X-HTTP-Method-Override", "Content-Type"]) {
    assert(allowed.includes(name), name);
  }
  const onUpload = await wire.ask("OPTIONS /files/AAAAAAAAAAAAAAAAAAAAAA", origin);
  assertStringIncludes(onUpload.headers.get("access-control-allow-methods") ?? "", "PATCH");
  const path = await wire.create({ "Upload-Length": 3 });
  for (
    const [line, status] of [[`HEAD ${path}`, 200], [`GET ${path}`, 200], ["PATCH /files/x", 404], [
      `PATCH ${path}`,
      415,
    ]]
  ) {
    const answer = await wire.ask(String(line), origin);
    const exposed = answer.headers.get("access-control-expose-headers")?.split(", ") ?? [];
    for (const name of ["Location", "Upload-Expires", "Upload-Offset", "Upload-Metadata", "Tus-Checksum-Algorithm"]) {
      assert(exposed.includes(name), name);
    }
    assertEquals([answer.status, ...told(answer, "access-control-allow-origin", "vary")], [
      Number(status),
      "https://a.example",
      "Origin",
    ]);
  }
});

Deno.test("an upload is the same by whichever protocol it was begun", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const { headers } = await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  const url = `http://localhost${headers.get("location")}`;
  const tus = { "Tus-Resumable": "1.0.0" };
  const asked = await pawl.app(new Request(url, { method: "HEAD", headers: tus }));
  assertEquals(told(asked, "upload-offset", "upload-length", "upload-metadata"), ["300", "1000", null]);
  const sent = await pawl.app(
    new Request(url, {
      method: "PATCH",
      headers: { ...tus, "Upload-Offset": "300", "Content-Type": BODY_TYPE },
      body: file.slice(300, 500),
    }),
  );
  assertEquals(sent.status, 204);
  assertEquals((await client.status("a")).text, "500");
  assertEquals((await client.send("a", 500, file.slice(500))).text, "Success 1000");
  assertEquals(await pawl.finished("a"), file);
});

Deno.test("metadata becomes the finished file's name, folders and type", async () => {
  await using wire = await openTusWire();
  const metadata = Object.entries({ name: "b.bin", relativePath: "a/b.bin", type: "text/plain" });
  const { headers } = await wire.send("POST /files/", {
    "Upload-Length": 3,
    "Upload-Metadata": metadata.map(([key, text]) => `${key} ${base64(text)}`).join(","),
  }, "abc");
  assertEquals(await wire.server.finished("a/b.bin"), new TextEncoder().encode("abc"));
  assertEquals(told(await wire.ask(`GET ${headers.get("location")}`), "content-type"), [
    "text/plain; charset=UTF-8",
  ]);
});

Deno.test("an upload goes on after the server was started again", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 1000, "Upload-Metadata": `name ${base64("a")}` });
  await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, file.subarray(0, 300));
  await wire.server.stop();
  await using again = await startServer({ data: wire.server.data });
  const asked = await fetch(new URL(path, again.url), { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
  assertEquals(told(asked, "upload-offset", "upload-metadata"), ["300", `name ${base64("a")}`]);
});
