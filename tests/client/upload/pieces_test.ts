import { assertEquals } from "@std/assert";
import { Pieces } from "../../../client/upload/pieces.ts";
import { RequestSizes } from "../../../client/upload/request_sizes.ts";
import { createFingerprintOf, type FingerprintOf } from "../../../client/upload/fingerprint.ts";
import { LocalFile } from "../../../client/upload/local_file.ts";
import { until } from "../../support/until.ts";
import { fingerprintOf } from "../support/queue_set_up.ts";
import { withoutWebCrypto } from "../support/plain_http.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const FILE = new File([Uint8Array.from({ length: 1000 }, (_, i) => i)], "film.mkv");
const LOCAL = new LocalFile(FILE, new VirtualClock());

/** Computes as browsers do, but tells of which bytes, and how many at a time. */
function spy(): { fingerprintOf: FingerprintOf; begun: number[]; mostAtOnce: () => number } {
  const begun: number[] = [];
  let atOnce = 0;
  let most = 0;
  const fingerprintOf = createFingerprintOf({
    digest: async (algorithm: string, bytes: ArrayBuffer) => {
      most = Math.max(most, ++atOnce);
      begun.push(bytes.byteLength);
      const digest = await crypto.subtle.digest(algorithm, bytes);
      atOnce--;
      return digest;
    },
  } as unknown as SubtleCrypto);
  return { fingerprintOf, begun, mostAtOnce: () => most };
}

async function digestOf(blob: Blob): Promise<string> {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return `sha-256=:${sha256.toBase64()}:`;
}

Deno.test("Pieces cut a file without a gap, each with the digest of its own bytes", async () => {
  const sizes = new RequestSizes({ first: 400, largest: 400 });
  const pieces = new Pieces(LOCAL, { sizes, fingerprintOf: createFingerprintOf() });
  const taken = [];
  for (let start = 0; start < FILE.size;) {
    const piece = await pieces.take(start);
    assertEquals(piece.start, start);
    assertEquals(piece.fingerprint?.contentDigest, await digestOf(FILE.slice(start, start + piece.body.size)));
    taken.push(piece.body);
    start += piece.body.size;
  }
  assertEquals(taken.map(({ size }) => size), [400, 400, 200]);
  assertEquals(await new Blob(taken).bytes(), await FILE.bytes());
});

Deno.test("Pieces compute the digest of the next piece while the one before is under way, and each once", async () => {
  const { fingerprintOf, begun } = spy();
  const pieces = new Pieces(LOCAL, { sizes: new RequestSizes({ first: 400, largest: 400 }), fingerprintOf });
  await pieces.take(0);
  await until(() => begun.length > 1, "the next digest is begun");
  assertEquals(begun, [400, 400]);
  await pieces.take(400);
  await pieces.take(800);
  assertEquals(begun, [400, 400, 200]);
});

Deno.test("Pieces cut anew when the server is elsewhere, or when requests have become smaller", async () => {
  const sizes = new RequestSizes({ first: 400, smallest: 100, largest: 400 });
  const pieces = new Pieces(LOCAL, { sizes, fingerprintOf: createFingerprintOf() });
  await pieces.take(0);
  const elsewhere = await pieces.take(123);
  assertEquals([elsewhere.start, elsewhere.body.size], [123, 400]);
  assertEquals(elsewhere.fingerprint?.contentDigest, await digestOf(FILE.slice(123, 523)));
  sizes.refused(400);
  const smaller = await pieces.take(523);
  assertEquals(smaller.body.size, 200);
  assertEquals(smaller.fingerprint?.contentDigest, await digestOf(FILE.slice(523, 723)));
  // The digest of the next one is computed behind the test until somebody takes it.
  for (const start of [723, 923]) await pieces.take(start);
});

Deno.test("Pieces are cut as large as requests will probably be when they are sent, so each digest is computed once", async () => {
  const { fingerprintOf, begun } = spy();
  const sizes = new RequestSizes({ first: 10, largest: 400 });
  const pieces = new Pieces(LOCAL, { sizes, fingerprintOf });
  for (let start = 0; start < FILE.size;) {
    const { body, fingerprint } = await pieces.take(start);
    assertEquals(fingerprint?.contentDigest, await digestOf(FILE.slice(start, start + body.size)));
    sizes.answered(body.size, 1);
    start += body.size;
  }
  assertEquals(begun, [10, 80, 400, 400, 110]);
});

Deno.test("Pieces cut anew when requests have become much larger or smaller than was likely, and else send what is prepared", async () => {
  // The digest of the piece behind the last one is computed behind the test too: no thread may do that.
  const sizes = new RequestSizes({ first: 10, largest: 900 });
  const pieces = new Pieces(LOCAL, { sizes, fingerprintOf });
  await pieces.take(0);
  // Another upload, which shares the sizes, has had an answer meanwhile.
  for (const bytes of [10, 80]) sizes.answered(bytes, 1);
  assertEquals(sizes.bytes, 640);
  const { body, fingerprint } = await pieces.take(10);
  assertEquals(body.size, 640);
  assertEquals(fingerprint?.contentDigest, await digestOf(FILE.slice(10, 650)));
  const slow = new RequestSizes({ first: 10, largest: 900 });
  const fewer = new Pieces(LOCAL, { sizes: slow, fingerprintOf });
  await fewer.take(0);
  slow.answered(10, 5500);
  assertEquals((await fewer.take(10)).body.size, 20);
});

Deno.test("Pieces give the last piece ahead when it comes next, with its digest, and no other one", async () => {
  const sizes = new RequestSizes({ first: 400, largest: 400 });
  const pieces = new Pieces(LOCAL, { sizes, fingerprintOf: createFingerprintOf() });
  assertEquals(await pieces.lastAhead(), undefined);
  await pieces.take(0);
  assertEquals(await pieces.lastAhead(), undefined);
  await pieces.take(400);
  const last = await pieces.lastAhead();
  assertEquals([last?.start, last?.fingerprint?.contentDigest], [800, await digestOf(FILE.slice(800))]);
  const unchecked = new Pieces(LOCAL, { sizes, fingerprintOf: withoutWebCrypto(createFingerprintOf) });
  await unchecked.take(400);
  assertEquals(await unchecked.lastAhead(), undefined, "It is read anew, into memory, when its turn comes");
});

Deno.test("Pieces end with an empty one, which a file that is there without its end needs", async () => {
  const { fingerprintOf } = spy();
  const pieces = new Pieces(LOCAL, { sizes: new RequestSizes(), fingerprintOf });
  const { start, body, fingerprint } = await pieces.take(1000);
  assertEquals([start, body.size, fingerprint?.contentDigest], [1000, 0, await digestOf(new Blob([]))]);
});
