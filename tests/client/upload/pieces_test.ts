import { assert, assertEquals } from "@std/assert";
import { Pieces } from "../../../client/upload/pieces.ts";
import { RequestSizes } from "../../../client/upload/request_sizes.ts";
import { contentDigest, createSha256, type Sha256 } from "../../../client/upload/sha256.ts";
import { until } from "../../support/until.ts";
import { ChangedFile } from "../support/set_up.ts";

const FILE = new File([Uint8Array.from({ length: 1000 }, (_, i) => i)], "film.mkv");

/** Computes as browsers do, but tells of which bytes, and how many at a time. */
function spySha256(): { sha256: Sha256; begun: number[]; mostAtOnce: () => number } {
  const begun: number[] = [];
  let atOnce = 0;
  let most = 0;
  const sha256 = createSha256({
    digest: async (algorithm: string, bytes: ArrayBuffer) => {
      most = Math.max(most, ++atOnce);
      begun.push(bytes.byteLength);
      const digest = await crypto.subtle.digest(algorithm, bytes);
      atOnce--;
      return digest;
    },
  } as unknown as SubtleCrypto);
  return { sha256, begun, mostAtOnce: () => most };
}

async function digestOf(blob: Blob): Promise<string> {
  return contentDigest(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
}

Deno.test("Pieces cut a file without a gap, each with the digest of its own bytes", async () => {
  const sizes = new RequestSizes({ first: 400, largest: 400 });
  const pieces = new Pieces(FILE, { sizes, sha256: createSha256() });
  const taken = [];
  for (let start = 0; start < FILE.size;) {
    const piece = await pieces.take(start);
    assertEquals(piece.start, start);
    assertEquals(piece.digest, await digestOf(FILE.slice(start, start + piece.body.size)));
    taken.push(piece.body);
    start += piece.body.size;
  }
  assertEquals(taken.map(({ size }) => size), [400, 400, 200]);
  assertEquals(await new Blob(taken).bytes(), await FILE.bytes());
});

Deno.test("Pieces compute the digest of the next piece while the one before is under way, and each once", async () => {
  const { sha256, begun } = spySha256();
  const pieces = new Pieces(FILE, { sizes: new RequestSizes({ first: 400, largest: 400 }), sha256 });
  await pieces.take(0);
  await until(() => begun.length > 1, "the next digest is begun");
  assertEquals(begun, [400, 400]);
  await pieces.take(400);
  await pieces.take(800);
  assertEquals(begun, [400, 400, 200]);
});

Deno.test("Pieces cut anew when the server is elsewhere, or when requests have become smaller", async () => {
  const sizes = new RequestSizes({ first: 400, smallest: 100, largest: 400 });
  const pieces = new Pieces(FILE, { sizes, sha256: createSha256() });
  await pieces.take(0);
  const elsewhere = await pieces.take(123);
  assertEquals([elsewhere.start, elsewhere.body.size], [123, 400]);
  assertEquals(elsewhere.digest, await digestOf(FILE.slice(123, 523)));
  sizes.refused(400);
  const smaller = await pieces.take(523);
  assertEquals(smaller.body.size, 200);
  assertEquals(smaller.digest, await digestOf(FILE.slice(523, 723)));
});

Deno.test("Pieces end with an empty one, which a file that is there without its end needs", async () => {
  const { sha256 } = spySha256();
  const pieces = new Pieces(FILE, { sizes: new RequestSizes(), sha256 });
  const { start, body, digest } = await pieces.take(1000);
  assertEquals([start, body.size, digest], [1000, 0, await digestOf(new Blob([]))]);
});

Deno.test("createSha256() takes one piece at a time into the memory", async () => {
  const { sha256, mostAtOnce } = spySha256();
  const digests = await Promise.all([1, 2, 3].map((size) => sha256(new Blob(["x".repeat(size)]))));
  assertEquals(new Set(digests.map((digest) => digest?.toHex())).size, 3);
  assertEquals(mostAtOnce(), 1);
});

Deno.test("createSha256() gives nothing for what cannot be read, and goes on with the next", async () => {
  const sha256 = createSha256();
  assertEquals(await sha256(new ChangedFile().slice()), undefined);
  assert(await sha256(FILE) !== undefined);
});

Deno.test("createSha256() gives nothing where the browser has no WebCrypto, and reads nothing", async () => {
  const before = Object.getOwnPropertyDescriptor(crypto, "subtle");
  Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
  try {
    const sha256 = createSha256();
    const unread = { arrayBuffer: () => assert(false, "It was read") } as unknown as Blob;
    assertEquals(await sha256(unread), undefined);
  } finally {
    delete (crypto as { subtle?: unknown }).subtle;
    if (before !== undefined) Object.defineProperty(crypto, "subtle", before);
  }
});
