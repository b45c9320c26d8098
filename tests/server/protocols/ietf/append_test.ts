import { assertEquals } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { appendHeaders, chunked, PARTIAL, problemIn, stateIn, wireTest } from "../../../support/ietf_wire.ts";

const file = someBytes(1000);
const NEW = { "Upload-Length": 1000 };
const MISMATCH = [409, "wrong-offset", "mismatching-upload-offset"];
const INCONSISTENT = "inconsistent-upload-length";

wireTest("parts are appended one after the other, and the last one completes the file", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const path = await wire.create();
  assertEquals(stateIn(await wire.append(path, { offset: 0 }, file.subarray(0, 300))), [204, "300", "?0"]);
  assertEquals(stateIn(await wire.append(path, { offset: 300 }, "")), [204, "300", "?0"]);
  const coding = { "Transfer-Encoding": "chunked" };
  assertEquals(stateIn(await wire.append(path, { offset: 300 }, chunked(file.subarray(300, 600)), coding)), [
    204,
    "600",
    "?0",
  ]);
  assertEquals(stateIn(await wire.append(path, { offset: 600, isLast: true }, file.subarray(600))), [
    204,
    "1000",
    "?1",
  ]);
  assertEquals(await wire.server.finished("file"), file);
});

wireTest("all bytes of the length do not complete an upload: the client's word does", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const path = await wire.create(NEW);
  assertEquals(stateIn(await wire.append(path, { offset: 0 }, file)), [204, "1000", "?0"]);
  for (const headers of [{}, { "Upload-Draft-Interop-Version": 9 }]) {
    assertEquals(stateIn(await wire.ask(`HEAD ${path}`, headers)), [204, "1000", "?0"]);
  }
  assertEquals(await wire.server.finishedNames(), []);
  assertEquals(stateIn(await wire.append(path, { offset: 1000, isLast: true }, "")), [204, "1000", "?1"]);
  assertEquals(await wire.server.finished("file"), file);
});

wireTest(
  "another offset is refused, tells both, changes nothing, and the next request at the right one works",
  async (openIetfWire) => {
    await using wire = await openIetfWire();
    const path = await wire.create(NEW);
    await wire.append(path, { offset: 0 }, file.subarray(0, 300));
    for (const offset of [0, 299, 301, 999_999_999_999_999]) {
      const answer = await wire.append(path, { offset, isLast: offset < 300 }, file.subarray(0, 700));
      const { "expected-offset": expected, "provided-offset": provided } = JSON.parse(answer.body);
      assertEquals([...problemIn(answer), expected, provided], [...MISMATCH, 300, offset]);
      assertEquals(stateIn(answer), [409, "300", "?0"]);
    }
    assertEquals(stateIn(await wire.append(path, { offset: 300, isLast: true }, file.subarray(300))), [
      204,
      "1000",
      "?1",
    ]);
    assertEquals(await wire.server.finished("file"), file);
  },
);

wireTest("an append needs its type, its offset and its word, each as the standard has it", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const path = await wire.create(NEW);
  for (
    const type of ["", "application/octet-stream", "application/offset+octet-stream", "application/partial-uploads"]
  ) {
    const answer = await wire.append(path, { offset: 0 }, "abc", { "Content-Type": type });
    assertEquals([type, answer.status, answer.headers.get("accept-patch")], [type, 415, PARTIAL]);
  }
  for (const offset of ["", "abc", "-1", "0.0", "+0", '"0"', "0, 0", "1234567890123456"]) {
    const answer = await wire.append(path, { offset: 0 }, "abc", { "Upload-Offset": offset });
    assertEquals([offset, ...problemIn(answer)], [offset, 400, "bad-request", undefined]);
  }
  for (const complete of ["", "true", "?2", "0"]) {
    const answer = await wire.append(path, { offset: 0 }, "abc", { "Upload-Complete": complete });
    assertEquals([complete, ...problemIn(answer)], [complete, 400, "bad-request", undefined]);
  }
  assertEquals(stateIn(await wire.ask(`HEAD ${path}`)), [204, "0", "?0"]);
  const legal = { "Upload-Offset": "-0;a=1", "Upload-Complete": "?0;why=not", "Content-Type": `${PARTIAL}; a=b` };
  assertEquals(stateIn(await wire.append(path, { offset: 0 }, "abc", legal)), [204, "3", "?0"]);
});

wireTest("lengths that differ are refused, and the upload goes on", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const path = await wire.create(NEW);
  await wire.append(path, { offset: 0 }, file.subarray(0, 300));
  const refused = [400, "size-changed", INCONSISTENT];
  const tries: [isLast: boolean, body: Uint8Array, headers: Record<string, number>][] = [
    [false, file.subarray(300, 400), { "Upload-Length": 999 }],
    [false, file.subarray(300, 400), { "Upload-Length": 200 }],
    [true, file.subarray(300, 999), {}],
    [true, file.subarray(300, 999), NEW],
    [true, new Uint8Array(701), {}],
    [true, new Uint8Array(0), {}],
  ];
  for (const [isLast, body, headers] of tries) {
    const answer = await wire.append(path, { offset: 300, isLast }, body, headers);
    assertEquals([...problemIn(answer), answer.headers.get("upload-complete")], [...refused, "?0"]);
    assertEquals(stateIn(await wire.ask(`HEAD ${path}`)), [204, "300", "?0"]);
  }
  assertEquals(stateIn(await wire.append(path, { offset: 300, isLast: true }, file.subarray(300), NEW)), [
    204,
    "1000",
    "?1",
  ]);
});

wireTest("bytes past the known length end the upload, with Content-Length and without", async (openIetfWire) => {
  await using wire = await openIetfWire();
  for (const coding of [{}, { "Transfer-Encoding": "chunked" }]) {
    const path = await wire.create(NEW);
    await wire.append(path, { offset: 0 }, file.subarray(0, 300));
    const long = new Uint8Array(701);
    const body = "Transfer-Encoding" in coding ? chunked(long) : long;
    const answer = await wire.append(path, { offset: 300 }, body, coding);
    assertEquals([...problemIn(answer), ...stateIn(answer)], [400, "too-long", INCONSISTENT, 400, null, "?0"]);
    assertEquals((await wire.ask(`HEAD ${path}`)).status, 410);
    assertEquals((await wire.append(path, { offset: 300, isLast: true }, file.subarray(300))).status, 410);
  }
  assertEquals(await wire.server.finishedNames(), []);
  assertEquals(await wire.server.incomingNames(), []);
});

wireTest(
  "the answer of the last request is given again, and a complete file takes no more bytes and stays",
  async (openIetfWire) => {
    await using wire = await openIetfWire();
    for (const version of ["", "8"]) {
      const headers = { "Upload-Draft-Interop-Version": version };
      const path = await wire.create(NEW);
      assertEquals((await wire.append(path, { offset: 0, isLast: true }, file)).status, 204);
      for (const isLast of [true, false]) {
        assertEquals(stateIn(await wire.append(path, { offset: 1000, isLast }, "", headers)), [204, "1000", "?1"]);
      }
      const conflict = await wire.append(path, { offset: 300, isLast: true }, file.subarray(300), headers);
      assertEquals([...problemIn(conflict), ...stateIn(conflict)], [...MISMATCH, 409, "1000", "?0"]);
      const more = await wire.append(path, { offset: 1000, isLast: false }, "abc", headers);
      const type = version === "" ? INCONSISTENT : "completed-upload";
      assertEquals([...problemIn(more), ...stateIn(more)], [400, "too-long", type, 400, "1000", "?0"]);
      const moreLast = await wire.append(path, { offset: 1000, isLast: true }, "abc", headers);
      assertEquals(moreLast.status, 400);
      assertEquals(stateIn(await wire.ask(`HEAD ${path}`)), [200, "1000", "?1"]);
      assertEquals((await wire.ask(`GET ${path}`)).headers.get("content-length"), "1000");
    }
  },
);

wireTest("an address at which there is no upload is 404, and one that was terminated 410", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const own = { "Upload-Draft-Interop-Version": 9 };
  for (const path of ["/files/AAAAAAAAAAAAAAAAAAAAAA", "/files/definitely-nonexistent-id"]) {
    for (const method of ["HEAD", "GET", "DELETE"]) {
      assertEquals([method, (await wire.ask(`${method} ${path}`, own)).status], [method, 404]);
    }
    assertEquals((await wire.ask(`PATCH ${path}`, appendHeaders(0, true), "abc")).status, 404);
  }
  for (const isComplete of [false, true]) {
    const path = await wire.create(NEW);
    await wire.append(path, { offset: 0, isLast: isComplete }, isComplete ? file : "");
    const gone = await wire.ask(`DELETE ${path}`, own);
    assertEquals([gone.status, gone.headers.get("upload-draft-interop-version")], [204, "9"]);
    assertEquals((await wire.ask(`HEAD ${path}`, own)).status, 410);
    assertEquals((await wire.append(path, { offset: 0 }, "abc")).status, 410);
  }
  assertEquals(await wire.server.finishedNames(), []);
});

wireTest("a question is answered without a file, and is kept by nobody", async (openIetfWire) => {
  await using wire = await openIetfWire({ maxBytes: 5000 });
  const path = await wire.create(NEW);
  await wire.append(path, { offset: 0 }, file.subarray(0, 300));
  for (const method of ["HEAD", "GET"]) {
    const { status, headers, body } = await wire.ask(`${method} ${path}`, { "Upload-Draft-Interop-Version": 8 });
    const told = ["upload-offset", "upload-complete", "upload-length", "cache-control"].map((name) =>
      headers.get(name)
    );
    assertEquals([status, ...told, body], [204, "300", "?0", "1000", "no-store", ""]);
    assertEquals(headers.get("upload-limit")?.replace(/=60(?:47\d\d|4800)$/, "="), "max-size=5000, max-age=");
  }
  assertEquals((await wire.ask(`GET ${path}`)).status, 404);
  await wire.append(path, { offset: 300, isLast: true }, file.subarray(300));
  const complete = await wire.ask(`HEAD ${path}`, { "Upload-Draft-Interop-Version": 8 });
  assertEquals([...stateIn(complete), complete.headers.get("upload-limit")], [204, "1000", "?1", "max-size=5000"]);
  const plain = await wire.ask(`HEAD ${path}`);
  assertEquals([...stateIn(plain), plain.headers.get("content-length")], [200, "1000", "?1", "1000"]);
});

wireTest("the lifetime that is told never falls faster than time, and grows with new bytes", async (openIetfWire) => {
  let now = Date.UTC(2026, 0, 1);
  await using wire = await openIetfWire({ now: () => now, expireAfterMs: 100_000 });
  const age = async (path: string) => {
    const { headers } = await wire.ask(`HEAD ${path}`);
    return Number(/max-age=(\d+)$/.exec(headers.get("upload-limit") ?? "")?.[1]);
  };
  const path = await wire.create();
  const told: number[] = [];
  for (const step of [0, 10_000, 20_000]) {
    now += step;
    told.push(await age(path));
  }
  await wire.append(path, { offset: 0 }, "abc");
  told.push(await age(path));
  assertEquals(told, [100, 90, 70, 100]);
});
