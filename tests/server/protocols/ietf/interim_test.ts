import { assert, assertEquals } from "@std/assert";
import { VERSIONS } from "../../../../server/protocols/ietf/versions.ts";
import { sha256, someBytes } from "../../../support/bytes.ts";
import { openInterimClient } from "../../../support/interim_client.ts";
import { PARTIAL } from "../../../support/ietf_wire.ts";
import { PATIENT } from "../../../support/pawl.ts";
import { until } from "../../../support/until.ts";

const file = someBytes(400_000);
const part = file.subarray(0, 100_000);
/** A checkpoint with each piece of a body. */
const OFTEN = { limits: { ...PATIENT, checkpointBytes: 1 } };

const complete = (version: number, isLast: boolean): Record<string, string> => ({
  "Upload-Draft-Interop-Version": String(version),
  ...version === 3 ? { "Upload-Incomplete": isLast ? "?0" : "?1" } : { "Upload-Complete": isLast ? "?1" : "?0" },
});

Deno.test("a creation is told its address before its bytes come, with the limits and its own version", async () => {
  await using client = await openInterimClient({ maxBytes: 500_000 });
  for (const version of VERSIONS) {
    const request = client.begin("POST /files/", { ...complete(version, true), "Content-Length": "3" });
    await until(() => request.interim.length === 1, "the address is told");
    const { status, headers: { "Location": location, ...headers } } = request.interim[0]!;
    const limit = headers["Upload-Limit"]?.replace(/=60\d+$/, "=") ?? "none";
    assertEquals([status, limit, headers["Upload-Draft-Interop-Version"]], [
      104,
      version < 6 ? "none" : `max-size=500000, ${version === 6 ? "expires" : "max-age"}=`,
      String(version),
    ]);
    request.send(file.subarray(0, 3));
    request.end();
    const answer = await request.answer;
    assertEquals([answer.status, answer.headers.get("location")], [201, location]);
  }
});

Deno.test("a careful creation is told its address before its answer too", async () => {
  await using client = await openInterimClient();
  const { answer, interim } = await client.ask("POST /files/", complete(8, false), "");
  assertEquals(interim.map(({ headers }) => headers["Location"] ?? null), [answer.headers.get("location")]);
});

Deno.test("nothing is told to a client that names no version, or one that Pawl does not speak", async () => {
  await using client = await openInterimClient(OFTEN);
  for (const version of [undefined, "2", "11", "x", "6, 6"]) {
    const headers = { "Upload-Complete": "?1", ...version && { "Upload-Draft-Interop-Version": version } };
    const { answer, interim } = await client.ask("POST /files/", headers, file);
    assertEquals([version, answer.status, answer.headers.get("upload-draft-interop-version"), interim], [
      version,
      201,
      null,
      [],
    ]);
  }
  const tus = { "Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Draft-Interop-Version": "6" };
  assertEquals((await client.ask("POST /files/", tus, "")).interim, []);
});

Deno.test("progress has the offset of safe bytes, and the address in the versions that want it", async () => {
  await using client = await openInterimClient(OFTEN);
  for (const version of VERSIONS) {
    const request = client.begin("POST /files/", { ...complete(version, true), "Content-Length": "400000" });
    request.send(part);
    const offsets = () => request.interim.slice(1).map(({ headers }) => headers["Upload-Offset"]);
    if (version >= 5) await until(() => offsets().includes("100000"), "the progress is told");
    request.send(file.subarray(100_000));
    request.end();
    const answer = await request.answer;
    assertEquals(answer.status, 201);
    const [first, ...progress] = request.interim;
    assertEquals(progress.length > 0, version >= 5);
    for (const { status, headers } of progress) {
      const expected = version >= 8 ? first?.headers["Location"] : undefined;
      assertEquals([status, headers["Location"], headers["Upload-Draft-Interop-Version"]], [
        104,
        expected,
        String(version),
      ]);
    }
    assertEquals(offsets(), offsets().toSorted((one, other) => Number(one) - Number(other)));
  }
});

Deno.test("an append is told its progress, and never an address", async () => {
  await using client = await openInterimClient(OFTEN);
  for (const version of [3, 6, 10]) {
    const { answer } = await client.ask("POST /files/", complete(version, false), "");
    const request = client.begin(`PATCH ${answer.headers.get("location")}`, {
      ...complete(version, true),
      "Upload-Offset": "0",
      "Content-Type": PARTIAL,
    });
    request.send(part);
    if (version > 3) await until(() => request.interim.length > 0, "the progress is told");
    request.end();
    assertEquals((await request.answer).ok, true);
    const told = request.interim.map(({ headers }) => [headers["Upload-Offset"], headers["Location"]]);
    assertEquals(told, version === 3 ? [] : [["100000", undefined]]);
  }
});

Deno.test("a body that would be refused as a whole is told no progress", async () => {
  await using client = await openInterimClient(OFTEN);
  const digest = { "Content-Digest": `sha-256=:${sha256(part)}:` };
  const { answer, interim } = await client.ask("POST /files/", { ...complete(8, true), ...digest }, file);
  assertEquals([answer.status, interim.length, interim[0]?.headers["Upload-Offset"]], [400, 1, undefined]);
  const path = interim[0]?.headers["Location"] ?? "";
  assertEquals((await client.ask(`HEAD ${path}`, complete(8, true))).answer.status, 404);
});

Deno.test("an upload whose address was told exists, however small its file is and however early it breaks", async () => {
  await using client = await openInterimClient();
  for (const length of ["3", "0", "400000"]) {
    const request = client.begin("POST /files/", { ...complete(6, true), "Content-Length": length });
    await until(() => request.interim.length === 1, "the address is told");
    request.cut();
    const path = request.interim[0]!.headers["Location"]!;
    assert((await request.answer).headers.get("location") === path);
    const { answer } = await client.ask(`HEAD ${path}`, { "Upload-Draft-Interop-Version": "6" });
    assertEquals([answer.status, answer.headers.get("upload-offset")], [204, "0"]);
  }
});
