import { assert, assertEquals, assertMatch } from "@std/assert";
import type { InterimMode } from "../../../../server/http/node_interim.ts";
import { VERSIONS } from "../../../../server/protocols/ietf/versions.ts";
import { someBytes } from "../../../support/bytes.ts";
import { appendHeaders, type IetfWire, openIetfWire, stateIn } from "../../../support/ietf_wire.ts";
import { PATIENT } from "../../../support/pawl.ts";
import { connect, type RawConnection } from "../../../support/raw.ts";

const file = someBytes(400_000);
/** A checkpoint with each piece of a body. */
const OFTEN = { listener: "node", limits: { ...PATIENT, checkpointBytes: 1 }, maxBytes: 500_000 } as const;

const complete = (version: number, isLast: boolean) => ({
  "Upload-Draft-Interop-Version": version,
  ...version === 3 ? { "Upload-Incomplete": isLast ? "?0" : "?1" } : { "Upload-Complete": isLast ? "?1" : "?0" },
});

/** The facts that an interim response tells. */
function told({ interim }: RawConnection, index: number) {
  const { status, headers } = interim[index]!;
  const names = [...headers.keys()].filter((name) => name !== "upload-draft-interop-version").sort();
  return { status, names, headers, version: Number(headers.get("upload-draft-interop-version")) };
}

async function beginWith(wire: IetfWire, version: number): Promise<RawConnection> {
  return await wire.begin("POST /files/", { ...complete(version, true), "Content-Length": file.length });
}

Deno.test("a creation is told its address at once and its progress later, each as its version has it", async () => {
  await using wire = await openIetfWire(OFTEN);
  await using open = new AsyncDisposableStack();
  const requests = await Promise.all(VERSIONS.map(async (version) => {
    return { version, request: open.use(await beginWith(wire, version)) };
  }));
  await Promise.all(requests.map(async ({ version, request }) => {
    await request.untilInterim(1);
    const { status, names, headers, version: repeated } = told(request, 0);
    assertEquals([status, repeated, names], [104, version, version < 6 ? ["location"] : ["location", "upload-limit"]]);
    const age = version === 6 ? "expires" : "max-age";
    if (version >= 6) assertMatch(headers.get("upload-limit")!, new RegExp(`^max-size=500000, ${age}=60\\d{4}$`));
    await request.send(file.subarray(0, 100_000));
  }));
  // When those of the versions that have progress were told, those of the others would have been too.
  await Promise.all(requests.map(({ version, request }) => version >= 5 && request.untilInterim(2)));
  for (const { version, request } of requests) {
    await request.send(file.subarray(100_000));
    const { status, headers } = await request.answer();
    const location = request.interim[0]!.headers.get("location");
    assertEquals([version, status, headers.get("location")], [version, 201, location]);
    if (version < 5) assertEquals([version, request.interim.length], [version, 1]);
    for (const index of request.interim.keys()) {
      if (index === 0) continue;
      const { status, names, headers, version: repeated } = told(request, index);
      const expected = version >= 8 ? ["location", "upload-offset"] : ["upload-offset"];
      assertEquals([version, status, repeated, names], [version, 104, version, expected]);
      if (version >= 8) assertEquals(headers.get("location"), location);
      assert(Number(headers.get("upload-offset")) > 0);
    }
  }
});

Deno.test("an append is told its progress, and never an address", async () => {
  await using wire = await openIetfWire(OFTEN);
  for (const version of VERSIONS) {
    const begun = await wire.ask("POST /files/", complete(version, false), "");
    const { "Upload-Complete": _, ...headers } = appendHeaders(0, true);
    using request = await wire.begin(`PATCH ${begun.headers.get("location")}`, {
      ...headers,
      ...complete(version, true),
      "Content-Length": 3,
    });
    await request.send("ab");
    if (version >= 5) await request.untilInterim(1);
    await request.send("c");
    assertEquals((await request.answer()).status, version <= 6 ? 201 : 204);
    const all = request.interim.map((_, index) => told(request, index).names);
    assertEquals([version, all], [version, version >= 5 ? [["upload-offset"]] : []]);
  }
});

Deno.test("of quick progress a second has one at most, and the latest", async () => {
  await using wire = await openIetfWire(OFTEN);
  using request = await beginWith(wire, 8);
  const began = performance.now();
  for (let at = 0; at < 200_000; at += 2000) await request.send(file.subarray(at, at + 2000));
  await request.untilInterim(2);
  await request.send(file.subarray(200_000));
  await request.answer();
  const seconds = (performance.now() - began) / 1000;
  assert(request.interim.length <= 2 + seconds, `${request.interim.length} in ${seconds} s`);
  const offsets = request.interim.slice(1).map(({ headers }) => Number(headers.get("upload-offset")));
  assertEquals(offsets, offsets.toSorted((one, other) => one - other));
});

/** The requests that are told anything, by `--interim`. */
const MODES: Readonly<
  Record<InterimMode, { readonly named: boolean; readonly unknown: boolean; readonly none: boolean }>
> = {
  auto: { named: true, unknown: false, none: false },
  on: { named: true, unknown: true, none: true },
  off: { named: false, unknown: false, none: false },
};

Deno.test("--interim says which clients get 104, and none goes over HTTP/1.0 or over Deno.serve", async () => {
  const versions = { named: "8", unknown: "11", none: "" };
  for (const [mode, expected] of Object.entries(MODES) as [InterimMode, typeof MODES.on][]) {
    await using wire = await openIetfWire({ listener: "node", interim: mode });
    await using other = await openIetfWire({ listener: "deno", interim: mode === "on" ? "auto" : mode });
    for (const [kind, version] of Object.entries(versions) as [keyof typeof versions, string][]) {
      const headers = { "Upload-Complete": "?1", "Upload-Draft-Interop-Version": version, "Content-Length": 3 };
      for (const { begin } of [wire, other]) {
        using request = await begin("POST /files/", headers);
        await request.send("abc");
        assertEquals(stateIn(await request.answer()), [201, "3", "?1"]);
        const isTold = begin === wire.begin && expected[kind];
        assertEquals([mode, kind, request.interim.map(({ status }) => status)], [mode, kind, isTold ? [104] : []]);
        const repeated = request.interim[0]?.headers.get("upload-draft-interop-version");
        assertEquals(repeated ?? "", isTold && kind === "named" ? "8" : "");
      }
    }
    using old = await connect(wire.server.port);
    const lines = [
      "POST /files/ HTTP/1.0",
      "Host: localhost",
      "Upload-Complete: ?1",
      "Upload-Draft-Interop-Version: 8",
    ];
    await old.send([...lines, "Content-Length: 3", "", "abc"].join("\r\n"));
    assertEquals([mode, (await old.answer()).status, old.interim], [mode, 201, []]);
  }
});

Deno.test("who asks before it sends its body gets its 100, and the 104 too", async () => {
  await using wire = await openIetfWire({ listener: "node" });
  const headers = { ...complete(8, true), "Content-Length": 3, "Expect": "100-continue" };
  using request = await wire.begin("POST /files/", headers);
  await request.untilInterim(2);
  assertEquals(request.interim.map(({ status }) => status).sort(), [100, 104]);
  await request.send("abc");
  assertEquals(stateIn(await request.answer()), [201, "3", "?1"]);
});

Deno.test("a creation that is refused before it begins is told nothing but that", async () => {
  await using wire = await openIetfWire({ listener: "node", maxBytes: 100 });
  using request = await beginWith(wire, 8);
  assertEquals((await request.answer()).status, 413);
  assertEquals(request.interim, []);
});
