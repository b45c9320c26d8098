import { assertEquals } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { chunked, openIetfWire, PARTIAL, stateIn, wireTest } from "../../../support/ietf_wire.ts";
import { untilNothingUnfinished, untilReceived } from "../../../support/incoming.ts";
import { base64, BODY_TYPE } from "../../../support/tus_wire.ts";

const file = someBytes(1000);
const TUS = { "Tus-Resumable": "1.0.0" };
const IETF = { "Upload-Draft-Interop-Version": 8 };

Deno.test("an upload that was begun here goes on by tus, which completes it with its last byte", async () => {
  await using wire = await openIetfWire();
  const path = await wire.create({ "Upload-Length": 1000, "Content-Disposition": 'inline; filename="a.bin"' });
  await wire.append(path, { offset: 0 }, file.subarray(0, 300));
  const head = await wire.ask(`HEAD ${path}`, TUS);
  assertEquals([head.status, head.headers.get("upload-offset"), head.headers.get("upload-length")], [
    200,
    "300",
    "1000",
  ]);
  const headers = { ...TUS, "Content-Type": BODY_TYPE, "Upload-Offset": 300 };
  assertEquals((await wire.ask(`PATCH ${path}`, headers, file.subarray(300))).status, 204);
  assertEquals(stateIn(await wire.ask(`HEAD ${path}`, IETF)), [204, "1000", "?1"]);
  assertEquals(await wire.server.finished("a.bin"), file);
});

Deno.test("an upload that has all bytes and waits for a word is completed by the first question of tus", async () => {
  await using wire = await openIetfWire();
  const path = await wire.create({ "Upload-Length": 1000 });
  assertEquals(stateIn(await wire.append(path, { offset: 0 }, file)), [204, "1000", "?0"]);
  const head = await wire.ask(`HEAD ${path}`, TUS);
  assertEquals([head.headers.get("upload-offset"), head.headers.get("upload-expires")], ["1000", null]);
  assertEquals(await wire.server.finished("file"), file);
});

Deno.test("an upload whose last bytes came by tus waits for no word: a new start of the server completes it", async () => {
  await using first = await openIetfWire();
  const path = await first.create({ "Upload-Length": 1000 });
  const headers = { ...TUS, "Content-Type": BODY_TYPE, "Upload-Offset": 0, "Transfer-Encoding": "chunked" };
  {
    // All but the end of the coding comes, so that this request completes nothing itself.
    using cut = await first.begin(`PATCH ${path}`, headers);
    await cut.send(chunked(file).subarray(0, -5));
    await untilReceived(first.server.data, 1000);
  }
  await first.server.stop();
  await using second = await openIetfWire({ data: first.server.data });
  await untilNothingUnfinished(second.server.data);
  assertEquals(await second.server.finished("file"), file);
});

Deno.test("an upload that was begun by tus goes on here, and its length may come with the last bytes", async () => {
  await using wire = await openIetfWire();
  for (const length of [{ "Upload-Length": 1000 }, { "Upload-Defer-Length": 1 }]) {
    const metadata = { "Upload-Metadata": `filename ${base64("b.bin")}` };
    const begun = await wire.ask(
      "POST /files/",
      { ...TUS, ...length, ...metadata, "Content-Type": BODY_TYPE },
      file.subarray(0, 300),
    );
    const path = begun.headers.get("location") ?? "";
    assertEquals(stateIn(await wire.ask(`HEAD ${path}`, IETF)), [204, "300", "?0"]);
    assertEquals(stateIn(await wire.append(path, { offset: 300, isLast: true }, file.subarray(300))), [
      204,
      "1000",
      "?1",
    ]);
  }
  assertEquals(await wire.server.finished("b.bin"), file);
  assertEquals(await wire.server.finished("b (2).bin"), file);
});

Deno.test("an upload of the simple protocol goes on here, and there again", async () => {
  await using wire = await openIetfWire();
  const simple = { "X-File-Id": "mine", "X-File-Name": "c.bin", "X-File-Size": 1000 };
  const begun = await wire.ask("POST /upload", simple, file.subarray(0, 300));
  const path = begun.headers.get("location") ?? "";
  assertEquals(stateIn(await wire.ask(`HEAD ${path}`, IETF)), [204, "300", "?0"]);
  assertEquals(stateIn(await wire.append(path, { offset: 300 }, file.subarray(300, 600))), [204, "600", "?0"]);
  assertEquals((await wire.ask("GET /status", { "X-File-Id": "mine" })).body, "600");
  // All bytes, and no word: the next request of the other protocol completes it.
  assertEquals(stateIn(await wire.append(path, { offset: 600 }, file.subarray(600))), [204, "1000", "?0"]);
  const last = await wire.ask("POST /upload", { ...simple, "X-Start-Byte": 1000 }, "");
  assertEquals([last.status, last.body], [200, "Success 1000"]);
  assertEquals(await wire.server.finished("c.bin"), file);
});

wireTest("an upload that was begun here under a client's id goes on by the simple protocol", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const named = { "X-File-Id": "mine", "Content-Disposition": 'inline; filename="d.bin"', "Upload-Length": 1000 };
  for (const [version, part] of [[3, 100], [6, 300], [8, 1], [10, 999]] as const) {
    const word = version === 3 ? { "Upload-Incomplete": "?1" } : { "Upload-Complete": "?0" };
    const headers = { "Upload-Draft-Interop-Version": version, ...word, ...named, "X-File-Id": `mine ${version}` };
    using creation = await wire.begin("POST /files/", { ...headers, "Content-Length": part });
    await creation.send(file.subarray(0, part));
    const begun = await creation.answer();
    const path = begun.headers.get("location");
    assertEquals([begun.status, begun.headers.get("upload-offset")], [201, String(part)]);
    for (const { headers } of creation.interim) assertEquals(headers.get("location") ?? path, path);
    const simple = { "X-File-Id": `mine ${version}` };
    const question = await wire.ask("GET /status", simple);
    assertEquals([question.body, question.headers.get("location")], [String(part), path]);
    const middle = { ...simple, "X-Start-Byte": part, "X-File-Size": 1000 };
    const rest = await wire.ask("POST /upload", middle, file.subarray(part));
    assertEquals(rest.body, "Success 1000");
    const name = `d${version === 3 ? "" : ` (${[3, 6, 8, 10].indexOf(version) + 1})`}.bin`;
    assertEquals(await wire.server.finished(name), file);
    assertEquals(stateIn(await wire.ask(`HEAD ${path}`, IETF)), [204, "1000", "?1"]);
  }
});

Deno.test("a creation under a client's id begins anew as one of the simple protocol does, and is its client's to end", async () => {
  await using wire = await openIetfWire();
  const begin = async (body: Uint8Array, isLast: boolean) => {
    const headers = { "X-File-Id": "mine", "Upload-Complete": isLast ? "?1" : "?0" };
    const { status, headers: told } = await wire.ask("POST /files/", headers, body);
    return [status, told.get("location")] as const;
  };
  const [, first] = await begin(file.subarray(0, 300), false);
  const [status, second] = await begin(file.subarray(0, 200), false);
  assertEquals([status, (await wire.ask(`HEAD ${first}`, IETF)).status], [201, 404]);
  assertEquals(stateIn(await wire.ask(`HEAD ${second}`, IETF)), [204, "200", "?0"]);
  assertEquals((await wire.ask("DELETE /upload", { "X-File-Id": "mine" })).status, 204);
  assertEquals((await wire.ask(`HEAD ${second}`, IETF)).status, 410);
  const [whole, third] = await begin(file, true);
  assertEquals([whole, stateIn(await wire.ask(`HEAD ${third}`, IETF))], [201, [204, "1000", "?1"]]);
  assertEquals((await wire.ask("GET /status", { "X-File-Id": "mine" })).headers.get("location"), third);
  assertEquals(await wire.server.incomingNames(), []);
});

Deno.test("a part for tus' concatenation stays a part, and a file of parts takes no bytes", async () => {
  await using wire = await openIetfWire();
  const begin = async (headers: Record<string, string | number>, body = new Uint8Array()) => {
    const { headers: told } = await wire.ask("POST /files/", { ...TUS, "Content-Type": BODY_TYPE, ...headers }, body);
    return told.get("location") ?? "";
  };
  const part = await begin({ "Upload-Length": 1000, "Upload-Concat": "partial" }, file.subarray(0, 300));
  assertEquals(stateIn(await wire.append(part, { offset: 300 }, file.subarray(300))), [204, "1000", "?0"]);
  assertEquals(stateIn(await wire.append(part, { offset: 1000, isLast: true }, "")), [204, "1000", "?0"]);
  assertEquals(await wire.server.finishedNames(), []);
  const final = await begin({ "Upload-Concat": `final;${part}` });
  assertEquals(stateIn(await wire.ask(`HEAD ${final}`, IETF)), [204, "1000", "?1"]);
  assertEquals((await wire.append(final, { offset: 1000 }, "x")).status, 403);
  assertEquals(await wire.server.finished("file"), file);
});

Deno.test("an upload that ends by too many bytes ends at once for its client's id: nobody is told that it was terminated", async () => {
  await using wire = await openIetfWire();
  const simple = { "X-File-Id": "a", "X-File-Name": "a.bin", "X-File-Size": 3 };
  for (let round = 0; round < 20; round++) {
    const begun = await wire.ask("POST /upload", { ...simple, "X-Start-Byte": 0 }, file.subarray(0, 1));
    const path = begun.headers.get("location")!;
    const headers = { ...IETF, "Content-Type": PARTIAL, "Upload-Offset": 1, "Upload-Complete": "?1" };
    const tooLong = wire.ask(`PATCH ${path}`, { ...headers, "Transfer-Encoding": "chunked" }, chunked(file));
    const [first, ...others] = await Promise.all([
      tooLong,
      ...Array.from({ length: 8 }, () => wire.ask("POST /upload", { ...simple, "X-Start-Byte": 2 }, new Uint8Array())),
    ]);
    assertEquals([400, 409].includes(first.status), true, `the long one was answered ${first.status}`);
    for (const { status, body } of others) assertEquals([status, body.split(":")[0]], [400, "Wrong start byte"]);
  }
});
