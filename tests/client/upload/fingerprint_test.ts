import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createFingerprintOf, fingerprintIn } from "../../../client/upload/fingerprint.ts";
import { LocalFile } from "../../../client/upload/local_file.ts";
import { readPatience } from "../../../client/upload/read_patience.ts";
import { UploadError } from "../../../client/mod.ts";
import { someBytes } from "../../support/bytes.ts";
import { withoutWebCrypto } from "../support/plain_http.ts";
import { ChangedFile } from "../support/set_up.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const MIB = 2 ** 20;

function sha256Of(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

Deno.test("createFingerprintOf() gives the SHA-256 of a piece, as Content-Digest says it", async () => {
  const { text, contentDigest } = (await createFingerprintOf()(new Blob(["abc"])))!;
  assertEquals([text, contentDigest], Array(2).fill("sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"));
});

Deno.test("createFingerprintOf() hashes pieces over 1 MiB in parts of 512 KiB, and the hashes of the parts", async () => {
  const sizes: number[] = [];
  const digest = (algorithm: string, bytes: ArrayBuffer) => {
    sizes.push(bytes.byteLength);
    return crypto.subtle.digest(algorithm, bytes);
  };
  const bytes = someBytes(MIB + 2 ** 19 + 3);
  const fingerprintOf = createFingerprintOf({ digest } as unknown as SubtleCrypto);
  const { contentDigest } = (await fingerprintOf(new Blob([bytes])))!;
  const hashes = [0, 1, 2, 3].map((part) => sha256Of(bytes.subarray(part * 2 ** 19, (part + 1) * 2 ** 19)));
  assertEquals(contentDigest, `sha-256-512k=:${Buffer.from(sha256Of(Buffer.concat(hashes))).toString("base64")}:`);
  assertEquals(sizes, [2 ** 19, 2 ** 19, 2 ** 19, 3, 4 * 32]);
  assert((await fingerprintOf(new Blob([bytes.subarray(0, MIB)])))?.contentDigest?.startsWith("sha-256=:"));
});

Deno.test("createFingerprintOf() takes one piece at a time into the memory", async () => {
  let atOnce = 0;
  let most = 0;
  const digest = async (algorithm: string, bytes: ArrayBuffer) => {
    most = Math.max(most, ++atOnce);
    const computed = await crypto.subtle.digest(algorithm, bytes);
    atOnce--;
    return computed;
  };
  const fingerprintOf = createFingerprintOf({ digest } as unknown as SubtleCrypto);
  const all = await Promise.all([1, 2, 3].map((size) => fingerprintOf(new Blob(["x".repeat(size)]))));
  assertEquals(new Set(all.map((one) => one?.text)).size, 3);
  assertEquals(most, 1);
});

Deno.test("createFingerprintOf() waits half a minute for a piece whose disk never answers, and goes on with the next", async () => {
  const clock = new VirtualClock();
  const fingerprintOf = createFingerprintOf(undefined, undefined, readPatience(clock));
  const hanging = new Blob(["abc"]);
  hanging.arrayBuffer = () => new Promise(() => {});
  const next = new Blob(["abc"]);
  let readAt: number | undefined;
  next.arrayBuffer = () => {
    readAt ??= clock.now();
    return Promise.resolve(new TextEncoder().encode("abc").buffer);
  };
  const beganAt = clock.now();
  fingerprintOf(hanging);
  assert(await clock.run(fingerprintOf(next)) !== undefined);
  // To hash takes turns of the event loop, and the clock may go on meanwhile.
  assertEquals(readAt, beganAt + 30_000);
});

Deno.test("createFingerprintOf() rejects for what cannot be read whole, and goes on with the next", async () => {
  for (const fingerprintOf of [createFingerprintOf(), withoutWebCrypto(createFingerprintOf)]) {
    await assertRejects(() => fingerprintOf(new ChangedFile().slice()), DOMException);
    const short = new Blob(["abc"]);
    short.arrayBuffer = () => Promise.resolve(new ArrayBuffer(2));
    short.slice = () => short;
    await assertRejects(() => fingerprintOf(short), RangeError);
    assert(await fingerprintOf(new Blob(["abc"])) !== undefined);
  }
});

Deno.test("Without WebCrypto a fingerprint still tells every change, and is nothing for the server to check", async () => {
  const fingerprintOf = withoutWebCrypto(createFingerprintOf);
  const bytes = new Uint8Array(2 * MIB + 3);
  const before = await fingerprintOf(new Blob([bytes]));
  assertEquals(before?.contentDigest, undefined);
  assertEquals(await fingerprintOf(new Blob([bytes])), before);
  for (const at of [0, MIB - 1, MIB, 2 * MIB + 2]) {
    const changed = bytes.slice();
    changed[at] = 1;
    assertNotEquals((await fingerprintOf(new Blob([changed])))?.text, before?.text, `Changed at ${at}`);
  }
});

Deno.test("fingerprintIn() gives nothing for want of memory, and rejects when the file is not there any more", async () => {
  const clock = new VirtualClock();
  const local = new LocalFile(new File(["abc"], "film.mkv"), clock);
  const noMemory = () => Promise.reject(new RangeError("Array buffer allocation failed"));
  assertEquals(await fingerprintIn(local, local.file, noMemory), undefined);
  const changed = new ChangedFile();
  const gone = clock.run(fingerprintIn(new LocalFile(changed, clock), changed.slice(), createFingerprintOf()));
  assertEquals((await assertRejects(() => gone, UploadError)).code, "file-changed");
});
