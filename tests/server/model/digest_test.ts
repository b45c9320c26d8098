import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { DigestCheck } from "../../../server/model/digest.ts";
import { someBytes } from "../../support/bytes.ts";

const PART = 2 ** 19;

function sha256Of(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

Deno.test("sha-256-512k is the SHA-256 of the SHA-256 of each 512 KiB, however the bytes come", async () => {
  for (const size of [0, 5, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 7]) {
    const bytes = someBytes(size);
    const parts = Array.from({ length: Math.ceil(size / PART) }, (_, part) => part * PART);
    const hashes = parts.map((start) => sha256Of(bytes.subarray(start, start + PART)));
    const expected = sha256Of(await new Blob(hashes as Uint8Array<ArrayBuffer>[]).bytes());
    for (const step of [1 + size, 100_003, 4 * PART]) {
      const check = new DigestCheck([{ algorithm: "sha-256-512k", value: expected }]);
      for (let at = 0; at < size; at += step) check.update(bytes.subarray(at, at + step));
      assertEquals(check.mismatch(), undefined, `${size} bytes by ${step}`);
    }
  }
});

Deno.test("a check finds the digest that does not match, among several", () => {
  const bytes = someBytes(1000);
  const value = sha256Of(bytes);
  for (const damaged of [0, 1]) {
    const digests = ["sha-256", "sha256"] as const;
    const check = new DigestCheck(digests.map((algorithm, index) => ({
      algorithm,
      value: index === damaged ? sha256Of(value) : value,
    })));
    for (let at = 0; at < 1000; at += 300) check.update(bytes.subarray(at, at + 300));
    assertEquals([check.mismatch()?.algorithm, check.bytes], [digests[damaged], 1000]);
  }
});
