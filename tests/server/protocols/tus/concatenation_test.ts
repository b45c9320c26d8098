import { assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../../server/errors.ts";
import { parseConcat } from "../../../../server/protocols/tus/headers.ts";
import { someBytes } from "../../../support/bytes.ts";
import { base64, openTusWire, told, type TusWire } from "../../../support/tus_wire.ts";
import { oneMachineTest } from "../../../support/test_store.ts";

const file = someBytes(3000);
const name = { "Upload-Metadata": `filename ${base64("whole.bin")}` };
const partial = { "Upload-Concat": "partial" };

/** Sends the bytes from one to another as a partial upload; gives its path. */
async function sendPartial({ send }: TusWire, from: number, to: number): Promise<string> {
  const headers = { ...partial, "Upload-Length": to - from };
  const sent = await send("POST /files/", headers, file.subarray(from, to));
  assertEquals(sent.status, 201, sent.body);
  return sent.headers.get("location")!;
}

function concatenate({ ask }: TusWire, paths: readonly string[], headers: Record<string, string | number> = {}) {
  return ask("POST /files/", { "Upload-Concat": `final;${paths.join(" ")}`, "Content-Length": 0, ...headers });
}

Deno.test("tus 1.0.0, Concatenation: partial uploads that come at once become one file, in the order of the list", async () => {
  await using wire = await openTusWire();
  const paths = await Promise.all([[0, 1000], [1000, 1500], [1500, 3000]].map(async ([from = 0, to = 0]) => {
    const path = await wire.create({ ...partial, "Upload-Length": to - from });
    const middle = (from + to) / 2;
    await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, file.subarray(from, middle));
    const last = await wire.send(`PATCH ${path}`, { "Upload-Offset": middle - from }, file.subarray(middle, to));
    assertEquals(last.status, 204);
    return path;
  }));
  assertEquals(await wire.server.finishedNames(), []);
  // "The final upload's length MUST be the sum of the length of all partial uploads."
  const final = await concatenate(wire, paths, name);
  assertEquals([final.status, ...told(final, "upload-offset", "upload-expires")], [201, "3000", null]);
  assertEquals(await wire.server.finished("whole.bin"), file);
  assertEquals([await wire.server.finishedNames(), await wire.server.incomingNames()], [["whole.bin"], []]);
  const asked = await wire.ask(`HEAD ${final.headers.get("location")}`);
  assertEquals(told(asked, "upload-offset", "upload-length", "upload-concat", "upload-metadata"), [
    "3000",
    "3000",
    `final;${paths.join(" ")}`,
    name["Upload-Metadata"],
  ]);
  // A client that has not heard of the final upload asks for these again: they were whole, and take nothing more.
  for (const path of paths) {
    const head = await wire.ask(`HEAD ${path}`);
    assertEquals([head.status, ...told(head, "upload-concat")], [200, "partial"]);
    assertEquals(head.headers.get("upload-offset"), head.headers.get("upload-length"));
  }
});

Deno.test("tus 1.0.0, Concatenation: HEAD of a partial upload has Upload-Concat, before its end and after", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ ...partial, "Upload-Length": 10, ...name });
  assertEquals(told(await wire.ask(`HEAD ${path}`), "upload-concat", "upload-offset"), ["partial", "0"]);
  const last = await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, "0123456789");
  assertEquals([last.status, last.headers.has("upload-expires")], [204, true]);
  const whole = await wire.ask(`HEAD ${path}`);
  assertEquals(told(whole, "upload-concat", "upload-offset", "upload-length"), ["partial", "10", "10"]);
  assertEquals(await wire.server.finishedNames(), []);
  assertEquals((await wire.ask(`GET ${path}`, { "Tus-Resumable": "" })).status, 404);
});

Deno.test("tus 1.0.0, Concatenation: PATCH on a final upload MUST be 403, and changes nothing", async () => {
  await using wire = await openTusWire();
  const { headers } = await concatenate(wire, [await sendPartial(wire, 0, 3000)], name);
  for (const offset of [0, 3000]) {
    const answer = await wire.send(`PATCH ${headers.get("location")}`, { "Upload-Offset": offset }, "abc");
    assertEquals([answer.status, ...told(answer, "upload-offset")], [403, null]);
  }
  assertEquals(await wire.server.finished("whole.bin"), file);
});

Deno.test("tus 1.0.0, Concatenation: a final upload MUST NOT have Upload-Length, and has no body", async () => {
  await using wire = await openTusWire();
  const path = await sendPartial(wire, 0, 3000);
  for (const wrong of [{ "Upload-Length": 3000 }, { "Upload-Defer-Length": 1 }]) {
    assertEquals((await concatenate(wire, [path], wrong)).status, 400);
  }
  assertEquals((await wire.send("POST /files/", { "Upload-Concat": `final;${path}` }, "abc")).status, 400);
});

Deno.test("tus 1.0.0, Concatenation: metadata of partial uploads is not the final one's", async () => {
  await using wire = await openTusWire();
  const headers = { ...partial, ...name, "Upload-Length": 3 };
  const path = (await wire.send("POST /files/", headers, "abc")).headers.get("location")!;
  const final = await concatenate(wire, [path]);
  assertEquals(told(await wire.ask(`HEAD ${final.headers.get("location")}`), "upload-metadata"), [null]);
  assertEquals(await wire.server.finishedNames(), ["file"]);
});

Deno.test("a final upload that is asked for again, one after the other or at once, is the same one", async () => {
  await using wire = await openTusWire();
  const paths = [await sendPartial(wire, 0, 1000), await sendPartial(wire, 1000, 3000)];
  const answers = await Promise.all([1, 2, 3].map(() => concatenate(wire, paths, name)));
  answers.push(await concatenate(wire, paths.map((path) => `https://other.example${path}`), name));
  const locations = new Set(answers.map(({ status, headers }) => `${status} ${headers.get("location")}`));
  assertEquals([locations.size, answers[0]!.status], [1, 201]);
  assertEquals(await wire.server.finishedNames(), ["whole.bin"]);
  const other = await concatenate(wire, paths.toReversed(), name);
  assertEquals([other.status, ...told(other, "location")], [410, null]);
});

Deno.test("of two final uploads that want the same partial one at once, one comes to its end, and no byte is lost", async () => {
  await using wire = await openTusWire();
  const paths = [await sendPartial(wire, 0, 1000), await sendPartial(wire, 1000, 3000)];
  const answers = await Promise.all([paths, paths.toReversed()].map((order) => concatenate(wire, order)));
  const statuses = answers.map(({ status }) => status).sort();
  assertEquals([statuses[0], [410, 423].includes(statuses[1]!)], [201, true]);
  assertEquals([await wire.server.finishedNames(), await wire.server.incomingNames()], [["file"], []]);
});

Deno.test("a partial upload may come more than once, and may be empty", async () => {
  await using wire = await openTusWire();
  const [empty, a, b] = [
    await sendPartial(wire, 0, 0),
    await sendPartial(wire, 0, 10),
    await sendPartial(wire, 10, 20),
  ];
  const final = await concatenate(wire, [empty, a, b, a, empty, b, a].map(String), name);
  assertEquals(told(final, "upload-offset"), ["50"]);
  const [first, second] = [file.subarray(0, 10), file.subarray(10, 20)];
  const expected = [first, second, first, second, first].flatMap((bytes) => [...bytes]);
  assertEquals(await wire.server.finished("whole.bin"), new Uint8Array(expected));
  assertEquals(await wire.server.incomingNames(), []);
  const nothing = await concatenate(wire, [await sendPartial(wire, 0, 0)], name);
  assertEquals(told(nothing, "upload-offset"), ["0"]);
  assertEquals(await wire.server.finished("whole (2).bin"), new Uint8Array());
});

oneMachineTest("the bytes of the first partial upload are not copied", async () => {
  await using wire = await openTusWire();
  const paths = [await sendPartial(wire, 0, 2000), await sendPartial(wire, 2000, 3000)];
  const { ino } = await Deno.stat(`${wire.server.data}/incoming/${paths[0]!.slice(-22)}`);
  await concatenate(wire, paths, name);
  assertEquals((await Deno.stat(`${wire.server.data}/files/whole.bin`)).ino, ino);
  assertEquals(await wire.server.finished("whole.bin"), file);
});

Deno.test("what is not a whole partial upload cannot be concatenated, and nothing happens to the others", async () => {
  await using wire = await openTusWire({ maxBytes: 4000 });
  const whole = await sendPartial(wire, 0, 2500);
  const removed = await sendPartial(wire, 0, 10);
  await wire.ask(`DELETE ${removed}`);
  const wrong: [string, number][] = [
    [await wire.create({ ...partial, "Upload-Length": 10 }), 400],
    [await wire.create({ "Upload-Length": 10 }), 400],
    [(await wire.send("POST /files/", { "Upload-Length": 3 }, "abc")).headers.get("location")!, 400],
    [removed, 404],
    ["/files/AAAAAAAAAAAAAAAAAAAAAA", 404],
    ["/files/../pawl.db", 400],
    [`${whole}/`, 400],
    [whole, 413],
  ];
  for (const [path, status] of wrong) {
    assertEquals([path, (await concatenate(wire, [whole, path])).status], [path, status]);
  }
  assertEquals(told(await wire.ask(`HEAD ${whole}`), "upload-offset"), ["2500"]);
});

Deno.test("a partial upload that comes again and again counts each time against --max-size", async () => {
  await using wire = await openTusWire({ maxBytes: 4000 });
  const path = await sendPartial(wire, 0, 1000);
  for (const times of [5, 256]) assertEquals((await concatenate(wire, Array(times).fill(path), name)).status, 413);
  assertEquals([await wire.server.finishedNames(), (await wire.server.incomingNames()).length], [[], 1]);
  assertEquals(told(await concatenate(wire, Array(4).fill(path), name), "upload-offset"), ["4000"]);
});

Deno.test("a partial upload that is never concatenated expires", async () => {
  let now = 0;
  await using wire = await openTusWire({ now: () => now, expireAfterMs: 1000 });
  const path = await sendPartial(wire, 0, 3000);
  now = 2000;
  await wire.server.sweep();
  assertEquals([(await wire.ask(`HEAD ${path}`)).status, await wire.server.incomingNames()], [410, []]);
});

Deno.test("parseConcat() takes paths and whole addresses, and refuses what is no upload's", () => {
  const id = "AAAAAAAAAAAAAAAAAAAAAA";
  const parse = (text: string) => parseConcat(new Headers({ "Upload-Concat": text }));
  assertEquals(parse("partial"), "partial");
  assertEquals(parseConcat(new Headers()), undefined);
  for (const address of [`/files/${id}`, id, `https://a.example/up/files/${id}`, `http://[::1]:81/files/${id}`]) {
    assertEquals(parse(`final;${address}`), { ids: [id], asSent: `final;${address}` });
  }
  const wrong = ["final", "final;", "Partial", `final;/files/${id}x`, `final;/other/${id}`, `final;/files/${id}?a`];
  wrong.push(
    `final;ftp://a/files/${id}`,
    `final;/files/%41${id.slice(1)}`,
    `final;${id} `.repeat(300),
    `final;\\${id}`,
  );
  for (const text of wrong) assertThrows(() => parse(text), UploadError, "Upload-Concat must");
});
