import { assertEquals, assertMatch } from "@std/assert";
import { createFingerprintOf } from "../../../client/upload/fingerprint.ts";
import { someBytes } from "../../support/bytes.ts";
import { openTestApp } from "../../support/pawl.ts";
import { pieces, simpleClient } from "../../support/simple_client.ts";

const MIB = 2 ** 20;
const file = someBytes(1000);

Deno.test("another start byte than the offset is answered 400 with the offset, and nothing is written", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  assertEquals((await client.send("a", 7, file)).text, "Wrong start byte: 0");
  await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  for (const start of [1, 299, 301, 1000, 999_999_999_999_999]) {
    const { status, text, headers } = await client.send("a", start, file.slice(300), { "X-File-Size": "1000" });
    assertEquals([status, text, headers.get("upload-offset")], [400, "Wrong start byte: 300", "300"]);
  }
  assertEquals((await client.status("a")).text, "300");
});

Deno.test("more bytes than the length are refused whole, and nothing before them is lost", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  for (const body of [new Uint8Array(701), pieces(new Uint8Array(600), new Uint8Array(101))]) {
    const { status, headers } = await client.send("a", 300, body, { "X-File-Size": "1000" });
    assertEquals([status, headers.get("upload-offset")], [400, "300"]);
    assertEquals((await client.status("a")).text, "300");
  }
  assertEquals((await client.send("a", 300, file.slice(300))).text, "Success 1000");
  assertEquals(await pawl.finished("a"), file);
});

Deno.test("a size that changes is refused, and the bytes stay", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  assertEquals((await client.send("a", 300, file.slice(300), { "X-File-Size": "1001" })).status, 400);
  assertEquals((await client.send("a", 300, file.slice(0, 3))).status, 400);
  assertEquals((await client.status("a")).text, "300");
});

Deno.test("a refused request from byte 0 does not cost the upload before it", async () => {
  await using pawl = await openTestApp({ maxBytes: 2000 });
  const client = simpleClient(pawl.app);
  await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  const tooLarge = await client.send("a", 0, file.slice(0, 1), { "X-File-Size": "2001" });
  assertEquals(tooLarge.status, 413);
  assertEquals(tooLarge.headers.get("upload-limit"), "max-size=2000");
  assertEquals((await client.status("unknown")).headers.get("upload-limit"), "max-size=2000");
  assertMatch(tooLarge.text, /2000 bytes/);
  assertEquals((await client.send("a", 0, new Uint8Array(2001))).status, 413);
  assertEquals((await client.send("a", 0, file.slice(0, 11), { "X-File-Size": "10" })).status, 400);
  assertEquals((await client.send("a", 0, file, { "Content-Digest": "sha-256=nonsense" })).status, 400);
  assertEquals((await client.status("a")).text, "300");
});

Deno.test("large bodies are checked by the digest of their parts, one after the other, and refused with one wrong byte", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const whole = someBytes(12 * MIB);
  const field = async (bytes: Uint8Array<ArrayBuffer>) =>
    (await createFingerprintOf()(new Blob([bytes])))!.contentDigest!;
  for (let start = 0; start < whole.length; start += 3 * MIB) {
    const body = whole.slice(start, start + 3 * MIB);
    const headers = { "X-File-Size": String(whole.length), "Content-Digest": await field(body) };
    assertMatch(headers["Content-Digest"], /^sha-256-512k=/);
    const damaged = body.slice();
    damaged[2 * MIB + 1]! ^= 1;
    const refused = await client.send("a", start, damaged, headers);
    assertEquals([refused.status, refused.headers.get("x-error")], [400, "digest-mismatch"]);
    assertEquals((await client.status("a")).text, String(start));
    const isLast = start + body.length === whole.length;
    const { text } = await client.send("a", start, body, headers);
    assertEquals(text, isLast ? `Success ${whole.length}` : String(start + body.length));
  }
  const short = { "Content-Digest": "sha-256-512k=:AAAA:" };
  assertEquals((await client.send("b", 0, file, short)).status, 400);
});

Deno.test("a body of unknown length that goes past the limit of the server is refused", async () => {
  await using pawl = await openTestApp({ maxBytes: 1500 });
  const client = simpleClient(pawl.app);
  assertEquals((await client.send("a", 0, pieces(file, file))).status, 413);
  assertEquals((await client.status("a")).text, "0");
});

Deno.test("headers that are not what they must be are answered 400 with one line", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  const wrong: [string, string, number][] = [
    ["X-Start-Byte", "-1", 400],
    ["X-Start-Byte", "+300", 400],
    ["X-Start-Byte", "300.0", 400],
    ["X-Start-Byte", "0x12c", 400],
    ["X-Start-Byte", "300, 300", 400],
    ["X-Start-Byte", "", 400],
    ["X-Start-Byte", "1000000000000000", 400],
    ["X-File-Size", "1e3", 400],
    ["X-File-Size", "-1", 400],
    ["X-File-Name", "%zz", 400],
    ["X-File-Name", "%ff", 400],
    ["X-File-Name", "..", 400],
    ["X-File-Name", "", 400],
    ["X-File-Path", "../a", 400],
    ["X-File-Path", "a/%2e%2e/b", 400],
    ["X-File-Path", "a//b", 400],
    ["X-File-Path", "/etc/passwd", 400],
    ["X-File-Path", "a%2fb/c", 400],
    ["X-File-Path", "a/b%2fc", 400],
    ["X-File-Path", "a/..", 400],
    ["X-File-Path", "a%5C..%5Cb", 400],
    ["X-File-Name", "..%2f..%2fb", 400],
    ["X-File-Path", `${"a/".repeat(33)}b`, 400],
    ["X-File-Path", `${"a".repeat(250)}/`.repeat(8) + "b", 400],
    ["Content-Digest", "sha-256=1", 400],
    ["Repr-Digest", "sha-256=:not base64:, ", 400],
    ["Repr-Digest", "sha-256=::", 400],
    ["Content-Encoding", "gzip", 415],
    // A form has the id in the head of each part.
    ["Content-Type", "multipart/form-data; boundary=x", 415],
    ["Transfer-Encoding", "gzip, chunked", 501],
    ["Content-Length", "9007199254740993", 400],
  ];
  for (const [name, value, expected] of wrong) {
    const headers = new Headers({ "X-File-Id": "a", "X-Start-Byte": "300", "X-File-Size": "1000" });
    headers.set(name, value);
    const response = await pawl.app(new Request("http://localhost/upload", { method: "POST", headers, body: "abc" }));
    const text = await response.text();
    assertEquals([name, value, response.status], [name, value, expected]);
    assertEquals(text.split("\n").length, 1);
    assertEquals((await client.status("a")).text, "300");
  }
  for (const id of ["x".repeat(1025)]) assertEquals((await client.status(id)).status, 400);
  assertEquals((await client.status("é".repeat(1024))).status, 200);
});
