import { assertEquals } from "@std/assert";
import { parseBucketAddress } from "../../../../server/storage/s3/address.ts";
import { bodyOf } from "../../../../server/storage/s3/bucket.ts";
import { createClient } from "../../../../server/storage/s3/client.ts";
import { openBucket } from "../../../../server/storage/s3/open_bucket.ts";
import { createRemoveMany, MAX_REMOVED } from "../../../../server/storage/s3/remove_many.ts";
import { createRemover, type Remover } from "../../../../server/storage/s3/remover.ts";
import type { WireRequest } from "../../../../server/storage/s3/transport.ts";
import { type S3Faults, startFakeS3 } from "../../../support/fake_s3.ts";

interface Removal {
  /** The requests that removed, and what they failed with. */
  readonly asked: string[];
  readonly failed: string[];
  /** The keys that are left. */
  readonly left: string[];
}

/** Removes objects from a server with faults. `remove` gets their keys. */
async function removal(
  faults: S3Faults,
  keys: readonly string[],
  remove: (remover: Remover) => void | Promise<void>,
): Promise<Removal> {
  await using server = startFakeS3(faults);
  const [asked, failed]: string[][] = [[], []];
  using opened = openBucket(parseBucketAddress(server.address), {
    asks: (what) => void asked!.push(what),
    retryMs: 1,
  });
  for (const key of keys) await opened.bucket.put(key, bodyOf());
  asked!.length = 0;
  const remover = createRemover(opened.bucket, (error) => void failed!.push(String(error)));
  await remove(remover);
  await remover.untilDone();
  return { asked: asked!.filter((what) => /^(POST|DELETE) /.test(what)), failed: failed!, left: server.keys() };
}

const few = ["incoming/a/token/small-1", "incoming/a/token/small-2", "incoming/a/token/small-3"];
const oneByOne = few.map((key) => `DELETE ${key}`);

Deno.test("objects that nobody needs any more go by one request, and one alone by its own", async () => {
  const done = await removal({}, few, (remover) => remover.removeKeys(few));
  assertEquals(done, { asked: ["POST uploads"], failed: [], left: [] });
  const below = await removal({}, [...few, "files/a"], (remover) => remover.removeBelow("incoming/a/", few));
  assertEquals(below, { asked: ["POST uploads"], failed: [], left: ["files/a"] });
  const listed = await removal({}, [...few, "files/a"], (remover) => remover.removeBelow("incoming/a/"));
  assertEquals(listed, { asked: ["POST uploads"], failed: [], left: ["files/a"] });
  const alone = await removal({}, few, (remover) => remover.removeKeys(few.slice(0, 1)));
  assertEquals(alone, { asked: oneByOne.slice(0, 1), failed: [], left: few.slice(1) });
  assertEquals((await removal({}, few, (remover) => remover.removeKeys([]))).asked, []);
});

Deno.test("more objects than one request takes go by as many as are needed", async () => {
  const many = Array.from({ length: 2 * MAX_REMOVED + 1 }, (_, at) => `incoming/a/token/small-${at}`);
  const { asked, failed, left } = await removal(
    {},
    [many[0]!, ...many.slice(-2)],
    (remover) => remover.removeKeys(many),
  );
  assertEquals([asked.sort(), failed, left], [[`DELETE ${many.at(-1)}`, "POST uploads", "POST uploads"], [], []]);
});

for (
  const [status, code] of [
    [400, "InvalidArgument"],
    [400, "NotImplemented"],
    [405, "MethodNotAllowed"],
    [501, "NotImplemented"],
    [501, ""],
  ] as const
) {
  Deno.test(`from a server that answers ${status} ${code} they go one by one, and it is not asked again`, async () => {
    const { asked, failed, left } = await removal({ removesMany: [status, code] }, few, async (remover) => {
      remover.removeKeys(few.slice(0, 2));
      await remover.untilDone();
      remover.removeKeys(few);
    });
    const all = ["POST uploads", ...oneByOne.slice(0, 2), ...oneByOne];
    assertEquals([asked[0], asked.toSorted(), failed, left], ["POST uploads", all.toSorted(), [], []]);
  });
}

for (
  const [status, code] of [
    [403, "AccessDenied"],
    [400, "ExpiredToken"],
    [400, "InvalidToken"],
    [400, "BadDigest"],
    [400, ""],
  ] as const
) {
  Deno.test(`a server that refuses it once with ${status} ${code} is asked again`, async () => {
    const { asked, left } = await removal({ removesMany: [status, code] }, few, async (remover) => {
      remover.removeKeys(few.slice(0, 2));
      await remover.untilDone();
      remover.removeKeys(few.slice(1));
    });
    assertEquals([asked.filter((what) => what === "POST uploads").length, left], [2, []]);
  });
}

Deno.test("an object that is not removed with the others is removed alone", async () => {
  const { asked, failed, left } = await removal(
    { keepsAmongMany: few.slice(1, 2) },
    few,
    (remover) => remover.removeKeys(few),
  );
  assertEquals([asked, failed, left], [["POST uploads", oneByOne[1]!], [], []]);
});

Deno.test("an object that cannot be removed is told, and the others go", async () => {
  const { failed, left } = await removal({ keeps: few.slice(0, 2) }, few, (remover) => remover.removeKeys(few));
  const told = few.slice(0, 2).map((key) => `S3Error: The S3 server answered DELETE ${key} with 403 AccessDenied`);
  assertEquals([failed.sort(), left], [told, few.slice(0, 2)]);
});

Deno.test("objects below a prefix are being removed until the last one is gone", async () => {
  await removal({ keepsAmongMany: few }, few, async (remover) => {
    remover.removeBelow("incoming/a/", few);
    assertEquals(remover.isRemoving("incoming/a/"), true);
    await remover.untilDone();
    assertEquals(remover.isRemoving("incoming/a/"), false);
  });
});

Deno.test("keys of all kinds are written so that the server reads them, with a checksum over TLS too", async () => {
  const sent: WireRequest[] = [];
  const client = createClient({
    address: parseBucketAddress("https://key:secret@example.com/bucket"),
    credentials: () => Promise.resolve({ key: "key", secret: "secret" }),
    transport: {
      send: (request) => {
        sent.push(request);
        return Promise.resolve({
          status: 200,
          headers: {},
          body:
            "<DeleteResult><Deleted><Key>a&amp;b</Key></Deleted><Deleted><Key>&#x3c;&quot;</Key></Deleted></DeleteResult>",
        });
      },
      open: () => Promise.reject(new Error("Nothing is read")),
      [Symbol.dispose]() {},
    },
  });
  assertEquals(await createRemoveMany(client)(["a&b", '<"', "ü"]), ["ü"]);
  const [{ url, headers, body }] = sent as [WireRequest];
  const pieces = await Array.fromAsync(body!.pieces());
  const text = await new Blob(pieces as BlobPart[]).text();
  assertEquals(
    text.replace(/<\/?Delete[^>]*>/g, ""),
    [
      "<Object><Key>a&#38;b</Key></Object>",
      "<Object><Key>&#60;&#34;</Key></Object>",
      "<Object><Key>ü</Key></Object>",
    ].join(""),
  );
  assertEquals([url.href, headers["content-md5"]?.length], ["https://example.com/bucket?delete=", 24]);
});
