import { assertEquals } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { type IetfWire, PARTIAL, wireTest } from "../../../support/ietf_wire.ts";
import type { RawAnswer } from "../../../support/raw.ts";
import { VERSIONS } from "../../../../server/protocols/ietf/versions.ts";

const file = someBytes(900);

/** A client of one version. */
function clientOf(wire: IetfWire, version: number) {
  const field = version === 3 ? "Upload-Incomplete" : "Upload-Complete";
  const word = (isLast: boolean) => ({ [field]: isLast === (version > 3) ? "?1" : "?0" });
  const own = { "Upload-Draft-Interop-Version": version };
  return {
    own,
    word,
    create: (headers: Record<string, string | number>, isLast: boolean, body: Uint8Array | string) =>
      wire.ask("POST /files/", { ...own, ...word(isLast), ...headers }, body),
    append: (path: string, offset: number, isLast: boolean | undefined, body: Uint8Array | string) =>
      wire.ask(`PATCH ${path}`, {
        ...own,
        ...isLast !== undefined && word(isLast),
        "Upload-Offset": offset,
        ...version >= 6 && { "Content-Type": PARTIAL },
      }, body),
    head: (path: string, headers: Record<string, string | number> = {}) =>
      wire.ask(`HEAD ${path}`, { ...own, ...headers }),
    /** Status, offset, and whether the upload is complete; it has only the field of its version, and repeats that. */
    state({ status, headers }: RawAnswer) {
      const value = headers.get(field);
      const others = ["upload-incomplete", "upload-complete"].filter((name) => name !== field.toLowerCase());
      assertEquals(others.map((name) => headers.get(name)), [null]);
      assertEquals(headers.get("upload-draft-interop-version"), String(version));
      return [status, headers.get("upload-offset"), value === null ? undefined : (value === "?1") === (version > 3)];
    },
  };
}

for (const version of VERSIONS) {
  const appended = version <= 6 ? 201 : 204;

  wireTest(`version ${version}: parts, a question between, and the last part`, async (openIetfWire) => {
    await using wire = await openIetfWire();
    const { create, append, head, state } = clientOf(wire, version);
    const begun = await create({}, false, file.subarray(0, 300));
    assertEquals(state(begun), [201, "300", false]);
    const path = begun.headers.get("location")!;
    assertEquals(state(await append(path, 300, false, file.subarray(300, 600))), [appended, "600", false]);
    const question = await head(path);
    assertEquals(state(question), [204, "600", false]);
    const key = /(expires|max-age)=\d+/.exec(question.headers.get("upload-limit") ?? "")?.[1];
    assertEquals(key, version < 6 ? undefined : version === 6 ? "expires" : "max-age");
    assertEquals(state(await append(path, 0, true, file)), [409, "600", false]);
    assertEquals(state(await append(path, 600, true, file.subarray(600))), [appended, "900", true]);
    assertEquals(state(await head(path)), [204, "900", true]);
    assertEquals(await wire.server.finished("file"), file);
  });

  wireTest(`version ${version}: a part without the word whether it is the last one`, async (openIetfWire) => {
    await using wire = await openIetfWire();
    const { create, append, state } = clientOf(wire, version);
    const path = (await create({}, false, "")).headers.get("location")!;
    const answer = await append(path, 0, undefined, file);
    assertEquals(state(answer), version <= 6 ? [201, "900", true] : [400, null, false]);
  });

  wireTest(
    `version ${version}: all bytes of the length ${version <= 6 ? "complete" : "do not complete"} it`,
    async (openIetfWire) => {
      await using wire = await openIetfWire();
      const { create, append, head, state } = clientOf(wire, version);
      const path = (await create({ "Upload-Length": 900 }, false, "")).headers.get("location")!;
      assertEquals(state(await append(path, 0, false, file)), [appended, "900", version <= 6]);
      assertEquals(state(await head(path)), [204, "900", version <= 6]);
      assertEquals(state(await append(path, 900, true, "")), [appended, "900", true]);
      const empty = await create({ "Upload-Length": 0 }, false, "");
      assertEquals(state(empty), [201, "0", version <= 6]);
    },
  );

  wireTest(
    `version ${version}: questions and DELETE ${version <= 6 ? "must not tell" : "may tell"} an upload's state`,
    async (openIetfWire) => {
      await using wire = await openIetfWire();
      const { own, create, head, state } = clientOf(wire, version);
      const path = (await create({}, false, file)).headers.get("location")!;
      for (const headers of [{ "Upload-Offset": 900 }, { "Upload-Complete": "?0" }, { "Upload-Length": 900 }]) {
        assertEquals((await head(path, headers)).status, version <= 6 ? 400 : 204);
        if (version <= 6) assertEquals((await wire.ask(`DELETE ${path}`, { ...own, ...headers })).status, 400);
      }
      assertEquals(state(await head(path)), [204, "900", false]);
      assertEquals((await wire.ask(`DELETE ${path}`, own)).status, 204);
    },
  );
}

wireTest("an append without the media type is taken up to version 5, and refused from 6 on", async (openIetfWire) => {
  await using wire = await openIetfWire();
  for (const version of VERSIONS) {
    const { own, word, create } = clientOf(wire, version);
    const path = (await create({}, false, "")).headers.get("location")!;
    const { status } = await wire.ask(`PATCH ${path}`, { ...own, ...word(false), "Upload-Offset": 0 }, "abc");
    assertEquals([version, status], [version, version <= 5 ? 201 : 415]);
  }
});
