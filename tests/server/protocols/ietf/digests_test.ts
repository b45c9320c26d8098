import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { sha256, someBytes } from "../../../support/bytes.ts";
import { openIetfWire, problemIn, stateIn } from "../../../support/ietf_wire.ts";

const file = someBytes(100_000);
const other = someBytes(100_000, 2);
const digest = (bytes: Uint8Array) => `sha-256=:${sha256(bytes)}:`;
const sha512 = (bytes: Uint8Array) => createHash("sha512").update(bytes).digest("base64");
const MISMATCH = [400, "digest-mismatch", "digest-mismatched-values"];

Deno.test("a file that is as its digest says is complete, and no other one is", async () => {
  await using wire = await openIetfWire();
  const send = (headers: Record<string, string>) =>
    wire.ask(
      "POST /files/",
      { "Upload-Complete": "?1", "Content-Disposition": 'inline; filename="a"', ...headers },
      file,
    );
  for (const name of ["Content-Digest", "Repr-Digest"]) {
    const answer = await send({ [name]: digest(other) });
    assertEquals([...problemIn(answer), answer.headers.get("location")], [...MISMATCH, null]);
    assertEquals(JSON.parse(answer.body).mismatched_digests, [
      { algorithm: "sha-256", provided_digest: `:${sha256(other)}:`, header: name },
    ]);
  }
  assertEquals(await wire.server.finishedNames(), []);
  assertEquals(await wire.server.incomingNames(), []);
  const both = `sha-512=:${sha512(file)}:, md5=:AAAA:`;
  assertEquals((await send({ "Content-Digest": both, "Repr-Digest": digest(file) })).status, 201);
  assertEquals(await wire.server.finished("a"), file);
});

Deno.test("a part that is not as its digest says is not kept, and can be sent again", async () => {
  await using wire = await openIetfWire();
  const path = await wire.create();
  await wire.append(path, { offset: 0 }, file.subarray(0, 40_000));
  const rest = file.subarray(40_000);
  const wrong = await wire.append(path, { offset: 40_000, isLast: true }, rest, { "Content-Digest": digest(other) });
  assertEquals([...problemIn(wrong), ...stateIn(wrong)], [...MISMATCH, 400, "40000", "?0"]);
  assertEquals(stateIn(await wire.ask(`HEAD ${path}`)), [204, "40000", "?0"]);
  const right = await wire.append(path, { offset: 40_000, isLast: true }, rest, { "Content-Digest": digest(rest) });
  assertEquals(stateIn(right), [204, "100000", "?1"]);
  assertEquals(await wire.server.finished("file"), file);
});

Deno.test("an upload whose whole file is not as its digest says ends: no part could mend it", async () => {
  await using wire = await openIetfWire();
  const path = await wire.create({ "Repr-Digest": digest(other) });
  await wire.append(path, { offset: 0 }, file.subarray(0, 40_000));
  const last = await wire.append(path, { offset: 40_000, isLast: true }, file.subarray(40_000));
  assertEquals([...problemIn(last), ...stateIn(last)], [...MISMATCH, 400, null, "?0"]);
  assertEquals((await wire.ask(`HEAD ${path}`)).status, 410);
  assertEquals(await wire.server.finishedNames(), []);
});

Deno.test("a digest that cannot be read, or that the server does not know, is refused before the bytes", async () => {
  await using wire = await openIetfWire();
  for (const name of ["Content-Digest", "Repr-Digest"]) {
    const send = (value: string) => wire.ask("POST /files/", { "Upload-Complete": "?1", [name]: value }, file);
    for (
      const value of [
        "sha-256",
        "sha-256=:AAAA:",
        "sha-256=abc",
        "sha-256=:*:",
        "sha-256=1, sha-512=:AAAA:",
        "SHA-256=:A:",
      ]
    ) {
      assertEquals([value, ...problemIn(await send(value))], [value, 400, "bad-request", "digest-invalid-values"]);
    }
    const unknown = await send("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, crc32c=:AAAAAA==:");
    assertEquals(problemIn(unknown), [400, "bad-request", "digest-unsupported-algorithms"]);
    assertEquals(JSON.parse(unknown.body).unsupported_algorithms, [
      { algorithm: "md5", header: name },
      { algorithm: "crc32c", header: name },
    ]);
    assertEquals(unknown.headers.get(`want-${name.toLowerCase()}`), "sha-256=10, sha-512=9");
  }
  assertEquals(await wire.server.finishedNames(), []);
});

Deno.test("a client that wants a digest of the whole file gets it with the answer that completes it", async () => {
  await using wire = await openIetfWire();
  const want = (value: string) => ({ "Want-Repr-Digest": value });
  const at = { "Upload-Complete": "?1" };
  const once = await wire.ask("POST /files/", { ...at, ...want("sha-512=1, sha-256=9, md5=10") }, file);
  assertEquals(once.headers.get("repr-digest"), digest(file));
  const path = await wire.create(want("sha-512=3"));
  await wire.append(path, { offset: 0 }, file.subarray(0, 40_000));
  const last = await wire.append(path, { offset: 40_000, isLast: true }, file.subarray(40_000), want("sha-512=3"));
  assertEquals(last.headers.get("repr-digest"), `sha-512=:${sha512(file)}:`);
  const again = await wire.append(path, { offset: 100_000, isLast: true }, "", want("sha-512=3"));
  assertEquals(again.headers.get("repr-digest"), `sha-512=:${sha512(file)}:`);
  const download = await wire.ask(`HEAD ${path}`);
  assertEquals(download.headers.get("repr-digest"), `sha-512=:${sha512(file)}:`);
  const given = await wire.ask("POST /files/", { ...at, ...want("sha-256=1"), "Repr-Digest": digest(file) }, file);
  assertEquals(given.headers.get("repr-digest"), digest(file));
  for (const value of ["sha-256=0", "md5=5", "sha-256", "sha-256=?1", "x y"]) {
    const answer = await wire.ask("POST /files/", { ...at, ...want(value) }, file);
    assertEquals([value, answer.status, answer.headers.get("repr-digest")], [value, 201, null]);
  }
});
