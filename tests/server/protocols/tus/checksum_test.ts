import { assertEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { UploadError } from "../../../../server/errors.ts";
import { parseChecksum } from "../../../../server/protocols/tus/headers.ts";
import { DigestCheck } from "../../../../server/model/digest.ts";
import { someBytes } from "../../../support/bytes.ts";
import { base64, openTusWire, told } from "../../../support/tus_wire.ts";

const file = someBytes(1000);
const ALGORITHMS = ["sha1", "sha256", "sha512", "md5"];

function checksum(algorithm: string, bytes: Uint8Array): string {
  return `${algorithm} ${createHash(algorithm).update(bytes).digest("base64")}`;
}

Deno.test("tus 1.0.0, Checksum: a body that has its checksum stays, by each algorithm", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 800, "Upload-Metadata": `name ${base64("a")}` });
  for (const [index, algorithm] of ALGORITHMS.entries()) {
    const body = file.subarray(index * 200, (index + 1) * 200);
    const headers = { "Upload-Offset": index * 200, "Upload-Checksum": checksum(algorithm, body) };
    assertEquals((await wire.send(`PATCH ${path}`, headers, body)).status, 204);
  }
  assertEquals(await wire.server.finished("a"), file.subarray(0, 800));
});

Deno.test("tus 1.0.0, Checksum: a mismatch MUST be 460, and the chunk MUST be discarded", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 1000 });
  await wire.send(`PATCH ${path}`, { "Upload-Offset": 0 }, file.subarray(0, 100));
  for (
    const wrong of [...ALGORITHMS.map((name) => checksum(name, file.subarray(0, 5))), "crc32 AAAAAA==", "sha1 AAAA"]
  ) {
    const body = file.subarray(100, 300);
    const answer = await wire.send(`PATCH ${path}`, { "Upload-Offset": 100, "Upload-Checksum": wrong }, body);
    assertEquals([answer.status, ...told(answer, "upload-offset", "tus-resumable")], [460, "100", "1.0.0"]);
    assertEquals(told(await wire.ask(`HEAD ${path}`), "upload-offset"), ["100"]);
  }
});

Deno.test("tus 1.0.0, Checksum: an algorithm that is not supported MUST be 400", async () => {
  await using wire = await openTusWire();
  const path = await wire.create({ "Upload-Length": 1000 });
  for (const wrong of ["sha3 AAAA", "SHA1 AAAA", "sha1", "sha1 A", "sha1  AAAA", "constructor AAAA"]) {
    const answer = await wire.send(`PATCH ${path}`, { "Upload-Offset": 0, "Upload-Checksum": wrong }, "abc");
    assertEquals([wrong, answer.status], [wrong, 400]);
  }
});

Deno.test("tus 1.0.0, Checksum: a new upload whose first bytes are wrong is not there", async () => {
  await using wire = await openTusWire();
  for (const length of [3, 1000]) {
    const headers = { "Upload-Length": length, "Upload-Checksum": checksum("sha1", file) };
    const answer = await wire.send("POST /files/", headers, "abc");
    assertEquals([answer.status, ...told(answer, "location")], [460, null]);
  }
  assertEquals([await wire.server.finishedNames(), await wire.server.incomingNames()], [[], []]);
  const whole = { "Upload-Length": 1000, "Upload-Checksum": checksum("sha1", file) };
  assertEquals((await wire.send("POST /files/", whole, file)).status, 201);
});

Deno.test("DigestCheck() has CRC-32 with its highest byte first, over all pieces", () => {
  const value = new Uint8Array([0xcb, 0xf4, 0x39, 0x26]);
  const check = new DigestCheck([{ algorithm: "crc32", value }]);
  for (const piece of ["1234", "56789"]) check.update(new TextEncoder().encode(piece));
  assertEquals(check.mismatch(), undefined);
});

Deno.test("parseChecksum() gives algorithm and bytes, and nothing where there is no header", () => {
  assertEquals(parseChecksum(new Headers()), undefined);
  const parsed = parseChecksum(new Headers({ "Upload-Checksum": "crc32 y/Q5Jg==" }));
  assertEquals(parsed, { algorithm: "crc32", value: new Uint8Array([0xcb, 0xf4, 0x39, 0x26]) });
  assertThrows(() => parseChecksum(new Headers({ "Upload-Checksum": "" })), UploadError, "Upload-Checksum must be");
});
