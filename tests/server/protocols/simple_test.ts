import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { openTestApp } from "../../support/pawl.ts";
import { brokenBody, pieces, simpleClient } from "../../support/simple_client.ts";
import { oneMachineTest } from "../../support/test_store.ts";

const file = someBytes(1000);

Deno.test("GET /status answers 0 for an id that was never seen, and begins nothing", async () => {
  await using pawl = await openTestApp();
  const { status, text, headers } = await simpleClient(pawl.app).status("film.mkv-1000-1");
  assertEquals([status, text], [200, "0"]);
  assertEquals(headers.get("upload-offset"), "0");
  assertEquals(headers.get("upload-complete"), "?0");
  assertEquals(headers.get("cache-control"), "no-store");
  assertEquals(headers.get("location"), null);
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("a request without X-File-Id is answered 400 No file id", async () => {
  await using pawl = await openTestApp();
  for (const [method, path] of [["GET", "/status"], ["POST", "/upload"], ["DELETE", "/upload"]] as const) {
    const response = await pawl.app(new Request(`http://localhost${path}`, { method }));
    assertEquals([response.status, await response.text()], [400, "No file id"]);
  }
});

Deno.test("the original tutorial client works: only X-File-Id, ending in -NaN, and X-Start-Byte", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const id = "film.mkv-1000-NaN";
  await client.send(id, 0, brokenBody(file.subarray(0, 400)), { "Content-Length": "1000" });
  assertEquals((await client.status(id)).text, "400");
  const sent = await client.send(id, 400, file.slice(400));
  assertEquals([sent.status, sent.text], [200, "Success 1000"]);
  assertEquals(await pawl.finished("film.mkv"), file);
  assertEquals((await client.status(id)).text, "1000");
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("the file is sent in parts when X-File-Size is given, and each answer has the offset", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const size = { "X-File-Size": "1000", "X-File-Name": "%D0%BE%D1%82%D1%87%D1%91%D1%82.pdf" };
  const first = await client.send("a", 0, file.slice(0, 300), size);
  assertEquals([first.status, first.text, first.headers.get("upload-offset")], [200, "300", "300"]);
  assertEquals(first.headers.get("upload-complete"), "?0");
  assertEquals(first.headers.get("upload-length"), "1000");
  assertMatch(first.headers.get("upload-expires") ?? "", /^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
  const status = await client.status("a");
  assertEquals(status.headers.get("location"), first.headers.get("location"));
  assertEquals((await client.send("a", 300, file.slice(300, 600), size)).text, "600");
  const last = await client.send("a", 600, file.slice(600), size);
  assertEquals([last.text, last.headers.get("upload-complete")], ["Success 1000", "?1"]);
  assertEquals(last.headers.get("upload-expires"), null);
  assertEquals(await pawl.finishedNames(), ["отчёт.pdf"]);
  assertEquals(await pawl.finished("отчёт.pdf"), file);
});

Deno.test("start byte 0, or none, on an unfinished upload starts over from nothing", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  for (const start of [0, undefined]) {
    await client.send("a-5-1", 0, new Uint8Array(300), { "X-File-Size": "1000" });
    assertEquals((await client.send("a-5-1", start, file)).text, "Success 1000");
  }
  assertEquals(await pawl.finished("a"), file);
  assertEquals(await pawl.finished("a (2)"), file);
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("start byte 0 on a finished upload makes a new one, and the finished file stays", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const first = await client.send("a.bin-1000-1", 0, file);
  const second = await client.send("a.bin-1000-1", 0, file.slice(0, 10), { "X-File-Size": "1000" });
  assertEquals(second.text, "10");
  assertNotEquals(first.headers.get("location"), second.headers.get("location"));
  assertEquals((await client.status("a.bin-1000-1")).text, "10");
  assertEquals(await pawl.finished("a.bin"), file);
});

Deno.test("X-Start-Over: ?0: a first request that comes twice makes no second file, and takes nothing back", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const headers = { "X-Start-Over": "?0", "X-File-Size": "1000" };
  const twice = await Promise.all([client.send("a", 0, file, headers), client.send("a", 0, file, headers)]);
  assertEquals(twice.filter(({ text }) => text === "Success 1000").length, 1);
  assert(twice.some(({ status }) => status === 400 || status === 409));
  assertEquals(await pawl.finishedNames(), ["a"]);
  assertEquals((await client.send("b", 0, file.slice(0, 300), headers)).text, "300");
  assertEquals((await client.send("b", 0, file.slice(0, 300), headers)).text, "Wrong start byte: 300");
  assertEquals((await client.send("b", 300, file.slice(300), headers)).text, "Success 1000");
  assertEquals((await client.send("b", 0, file.slice(0, 7), { ...headers, "X-File-Size": "7" })).text, "Success 7");
  assertEquals(await pawl.finishedNames(), ["a", "b", "b (2)"]);
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("the last request again, empty, gives the answer that was lost", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const first = await client.send("a", 0, file);
  for (const body of [new Uint8Array(), null, pieces()]) {
    const again = await client.send("a", 1000, body);
    assertEquals([again.status, again.text], [200, "Success 1000"]);
    assertEquals(again.headers.get("location"), first.headers.get("location"));
  }
  for (const body of [file, pieces(file)]) {
    assertEquals((await client.send("a", 1000, body)).status, 400);
  }
  assertEquals(await pawl.finishedNames(), ["a"]);
});

Deno.test("an empty file is finished by one empty request, and stays one when it is sent again", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  for (let time = 0; time < 2; time++) {
    const { status, text } = await client.send("empty.txt-0-1", 0, new Uint8Array(), { "X-File-Size": "0" });
    assertEquals([status, text], [200, "Success 0"]);
  }
  assertEquals(await pawl.finishedNames(), ["empty.txt"]);
  assertEquals((await client.status("empty.txt-0-1")).headers.get("upload-complete"), "?1");
});

Deno.test("a body of unknown length ends the file where it ends cleanly", async () => {
  await using pawl = await openTestApp();
  const { text } = await simpleClient(pawl.app).send("a", 0, pieces(file.slice(0, 10), file.slice(10)));
  assertEquals(text, "Success 1000");
  assertEquals(await pawl.finished("a"), file);
});

Deno.test("all bytes but no end: an empty request from the last byte finishes the file", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("a", 0, brokenBody(file));
  assertEquals((await client.status("a")).headers.get("upload-complete"), "?0");
  assertEquals((await client.send("a", 1000, null, { "X-File-Size": "1000" })).text, "Success 1000");
});

Deno.test("DELETE /upload terminates an unfinished upload; unknown is 404, finished is 409", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  assertEquals((await client.terminate("a")).status, 404);
  const sent = await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  assertEquals((await client.terminate("a")).status, 204);
  assertEquals(await pawl.incomingNames(), []);
  assertEquals((await client.status("a")).text, "0");
  assertEquals((await pawl.app(new Request(`http://localhost${sent.headers.get("location")}`))).status, 410);
  const finished = await client.send("a", 0, file);
  const refused = await client.terminate("a");
  assertEquals(refused.status, 409);
  assertMatch(refused.text, new RegExp(finished.headers.get("location") ?? "?"));
  assertEquals(await pawl.finished("a"), file);
});

oneMachineTest("an upload whose file has lost recorded bytes is never continued", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const { headers } = await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  const [name = ""] = await pawl.incomingNames();
  await Deno.truncate(`${pawl.data}/incoming/${name}`, 299);
  assertEquals((await client.send("a", 300, file.slice(300))).status, 410);
  assertEquals((await pawl.app(new Request(`http://localhost${headers.get("location")}`))).status, 410);
  assertEquals((await client.status("a")).text, "0");
  assertEquals(await pawl.incomingNames(), []);
  assertEquals(pawl.log.lines.filter((line) => line.startsWith("error")).length, 1);
  assertEquals((await client.send("a", 0, file)).text, "Success 1000");
});

Deno.test("with Upload-Defer-Length: 1 a body is a part of a file whose length comes with the last one", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const part = { "Upload-Defer-Length": "1" };
  const first = await client.send("a", 0, file.slice(0, 400), part);
  assertEquals([first.text, first.headers.get("upload-complete"), first.headers.get("upload-length")], [
    "400",
    "?0",
    null,
  ]);
  assertEquals((await client.send("a", 400, file.slice(400, 1000), part)).text, "1000");
  const wrong = await client.send("a", 1000, file.slice(0, 0), { "Upload-Defer-Length": "0" });
  assertEquals([wrong.status, wrong.text.startsWith("Upload-Defer-Length must be 1")], [400, true]);
  const both = await client.send("a", 1000, file.slice(0, 0), { ...part, "X-File-Size": "1000" });
  assertEquals([both.status, both.text], [400, wrong.text]);
  const last = await client.send("a", 1000, file.slice(0, 0), { "X-File-Size": "1000" });
  assertEquals(last.text, "Success 1000");
  assertEquals(await pawl.finished("a"), file);
});
