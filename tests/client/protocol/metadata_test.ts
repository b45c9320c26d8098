import { assertEquals, assertThrows } from "@std/assert";
import { type Metadata, UploadQueue } from "../../../client/mod.ts";
import { metadataHeader } from "../../../client/protocol/metadata.ts";
import { parseOwnMetadata } from "../../../server/protocols/metadata.ts";
import { parseMetadata } from "../../../server/protocols/tus/metadata.ts";
import { FakeServer } from "../support/fake_server.ts";
import { fileOf, LARGE, setUpQueue } from "../support/queue_set_up.ts";
import { setUp, SIZE } from "../support/set_up.ts";

const GOOD: [metadata: Metadata | undefined, header: string | undefined][] = [
  [undefined, undefined],
  [{}, undefined],
  [{ note: "" }, "note="],
  [{ note: "café", "a.B-c_9": "1,2=3 %" }, "note=caf%C3%A9,a.B-c_9=1%2C2%3D3%20%25"],
  [{ note: "👩‍🚀 ' ( ) * ! ~" }, "note=%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80%20'%20(%20)%20*%20!%20~"],
];

Deno.test("metadataHeader() has the pairs with commas between, the values percent-encoded", () => {
  for (const [metadata, header] of GOOD) assertEquals([metadata, metadataHeader(metadata)], [metadata, header]);
});

Deno.test("the server reads what metadataHeader() writes, up to the longest", () => {
  for (const metadata of [GOOD[3]![0]!, GOOD[4]![0]!, { note: "x".repeat(8187) }, { ["k".repeat(64)]: "報" }]) {
    const kept = parseMetadata(parseOwnMetadata(new Headers({ "X-File-Metadata": metadataHeader(metadata)! }))!);
    const read = [...kept].map(([key, value]) => [key, new TextDecoder().decode(value)]);
    assertEquals(Object.fromEntries(read), metadata);
  }
});

const WRONG: [metadata: Record<string, unknown>, message: string][] = [
  [{ "": "x" }, 'the metadata ""'],
  [{ "a b": "x" }, 'the metadata "a b"'],
  [{ "ключ": "x" }, "a key is 1 to 64 of"],
  [{ ["k".repeat(65)]: "x" }, "a key is 1 to 64 of"],
  [{ note: "two\nlines" }, 'the metadata "note"'],
  [{ note: "\u0085" }, "a value one line"],
  [{ note: "\ud83d" }, 'the metadata "note"'],
  [{ note: 5 }, 'the metadata "note"'],
  [{ note: "x".repeat(8188) }, "8192 bytes in all"],
];

Deno.test("metadata that the server would refuse is refused where it is given", () => {
  const { queue } = setUpQueue();
  for (const [wrong, message] of WRONG) {
    const metadata = wrong as Metadata;
    assertThrows(() => metadataHeader(metadata), RangeError, message);
    assertThrows(() => setUp(new FakeServer(SIZE), { metadata }), RangeError, message);
    assertThrows(() => new UploadQueue({ metadata }), RangeError, message);
    assertThrows(() => queue.add(fileOf("a"), { metadata }), RangeError, message);
  }
  assertEquals(queue.uploads, []);
});

Deno.test("upload() tells the metadata with every piece", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE), { metadata: { note: "für Anna" } });
  await clock.run(uploader.upload());
  assertEquals(server.headers.map((headers) => headers["X-File-Metadata"]), [
    undefined,
    ...Array<string>(3).fill("note=f%C3%BCr%20Anna"),
  ]);
});

Deno.test("a queue tells its own metadata with that of each file, which counts more", async () => {
  const { queue, host, until } = setUpQueue({ metadata: { album: "7", note: "all" } });
  queue.add(fileOf("small"));
  queue.add(fileOf("large", LARGE), { metadata: { note: "one" } });
  await until("done");
  const told = (name: string) => host.files.get(name)!.headers.at(-1)!["X-File-Metadata"];
  assertEquals([told("small"), told("large")], ["album=7,note=all", "album=7,note=one"]);
});
