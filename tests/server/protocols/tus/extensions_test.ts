import { assert, assertEquals, assertMatch } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { untilReceived } from "../../../support/incoming.ts";
import { conformance } from "../../../support/tus_table.ts";
import { base64, openTusWire, told } from "../../../support/tus_wire.ts";

const file = someBytes(1000);

conformance("Creation", {
  "MUST answer 201 with Location; SHOULD take an Upload-Length of 0, and finish": async ({ ask, server }) => {
    const answer = await ask("POST /files/", { "Upload-Length": 0, "Upload-Metadata": `filename ${base64("empty")}` });
    assertEquals(answer.status, 201);
    assertMatch(answer.headers.get("location") ?? "", /^\/files\/[\w-]{22}$/);
    assertEquals(told(answer, "upload-offset", "upload-expires"), ["0", null]);
    assertEquals(await server.finished("empty"), new Uint8Array());
    assertEquals(told(await ask(`HEAD ${answer.headers.get("location")}`), "upload-offset", "upload-length"), [
      "0",
      "0",
    ]);
  },
  "an Upload-Length over Tus-Max-Size MUST be answered by 413": async ({ ask }) => {
    assertEquals((await ask("POST /files/", { "Upload-Length": 5001, "Content-Length": 0 })).status, 413);
  },
  "needs Upload-Length or Upload-Defer-Length: 1, and only one of them": async ({ ask }) => {
    const wrong = [
      {},
      { "Upload-Length": "x" },
      { "Upload-Length": -1 },
      { "Upload-Defer-Length": 0 },
      { "Upload-Defer-Length": 2 },
      { "Upload-Length": 5, "Upload-Defer-Length": 1 },
    ];
    for (const headers of wrong) {
      assertEquals([headers, (await ask("POST /files/", { ...headers, "Content-Length": 0 })).status], [headers, 400]);
    }
  },
  "Upload-Metadata comes back in HEAD as it was sent": async ({ ask, send, create }) => {
    const metadata = `is_confidential,filename ${base64("ä b.txt")},x ,bytes //79`;
    const path = await create({ "Upload-Length": 3, "Upload-Metadata": metadata });
    assertEquals(told(await ask(`HEAD ${path}`), "upload-metadata"), [metadata]);
    await send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc");
    assertEquals(told(await ask(`HEAD ${path}`), "upload-metadata", "upload-offset"), [metadata, "3"]);
  },
  "Upload-Metadata that is none is refused": async ({ ask }) => {
    for (const metadata of ["a a", "a YQ", "a YQ==,a YQ==", "a  YQ==", "a YQ==,,b YQ==", "ä YQ=="]) {
      const headers = { "Upload-Length": 3, "Content-Length": 0, "Upload-Metadata": metadata };
      assertEquals([metadata, (await ask("POST /files/", headers)).status], [metadata, 400]);
    }
  },
  "Upload-Defer-Length MUST be in each HEAD until the length is set, which is once": async ({ ask, send, create }) => {
    const path = await create({ "Upload-Defer-Length": 1 });
    await send(`PATCH ${path}`, { "Upload-Offset": 0 }, file.subarray(0, 300));
    const before = await ask(`HEAD ${path}`);
    assertEquals(told(before, "upload-offset", "upload-length", "upload-defer-length"), ["300", null, "1"]);
    await send(`PATCH ${path}`, { "Upload-Offset": 300, "Upload-Length": 1000 }, file.subarray(300, 310));
    const after = await ask(`HEAD ${path}`);
    assertEquals(told(after, "upload-offset", "upload-length", "upload-defer-length"), ["310", "1000", null]);
    const other = await send(`PATCH ${path}`, { "Upload-Offset": 310, "Upload-Length": 999 }, "a");
    assertEquals([other.status, ...told(await ask(`HEAD ${path}`), "upload-length")], [400, "1000"]);
  },
  "a length that is set past Tus-Max-Size is 413, one before the offset 400": async ({ send, create }) => {
    const path = await create({ "Upload-Defer-Length": 1 });
    await send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc");
    for (const [length, status] of [[5001, 413], [2, 400]]) {
      const answer = await send(`PATCH ${path}`, { "Upload-Offset": 3, "Upload-Length": length! }, "");
      assertEquals(answer.status, status);
    }
    assertEquals((await send(`PATCH ${path}`, { "Upload-Offset": 3 }, file.subarray(0, 1000))).status, 204);
  },
});

conformance("Creation With Upload", {
  "MUST answer with Upload-Offset": async ({ ask, send, server }) => {
    const name = `filename ${base64("whole")}`;
    const whole = await send("POST /files/", { "Upload-Length": 1000, "Upload-Metadata": name }, file);
    assertEquals([whole.status, ...told(whole, "upload-offset", "upload-expires")], [201, "1000", null]);
    assertEquals(await server.finished("whole"), file);
    const part = await send("POST /files/", { "Upload-Length": 1000 }, file.subarray(0, 10));
    assertEquals([part.status, ...told(part, "upload-offset")], [201, "10"]);
    assert(part.headers.has("upload-expires"));
    assertEquals(told(await ask(`HEAD ${part.headers.get("location")}`), "upload-offset"), ["10"]);
    const deferred = await send("POST /files/", { "Upload-Defer-Length": 1 }, file);
    assertEquals(told(await ask(`HEAD ${deferred.headers.get("location")}`), "upload-offset", "upload-defer-length"), [
      "1000",
      "1",
    ]);
  },
  "MUST have Content-Type: application/offset+octet-stream": async ({ ask }) => {
    for (const type of ["text/plain", ""]) {
      const headers = { "Upload-Length": 3, "Content-Length": 3, "Content-Type": type };
      assertEquals((await ask("POST /files/", headers, "abc")).status, 415);
    }
  },
  "a body that breaks keeps its bytes": async () => {
    for (const length of [1000, 1_000_000]) {
      await using wire = await openTusWire();
      const { ask, begin, server } = wire;
      using cut = await begin("POST /files/", {
        "Upload-Length": length,
        "Content-Length": length,
        "Content-Type": "application/offset+octet-stream",
      });
      await cut.send(file.subarray(0, 600));
      // A small file makes nothing on the disk before its body has ended.
      if (length > 100_000) await untilReceived(server.data, 600);
      await cut.finishSending();
      const answer = await cut.answer();
      assertEquals([answer.status, ...told(answer, "upload-offset")], [201, "600"]);
      assertEquals(told(await ask(`HEAD ${answer.headers.get("location")}`), "upload-offset"), ["600"]);
    }
  },
  "of a body that is refused nothing stays": async ({ send, begin, server }) => {
    const before = await server.incomingNames();
    assertEquals((await send("POST /files/", { "Upload-Length": 999 }, file)).status, 400);
    using chunked = await begin("POST /files/", {
      "Upload-Length": 3,
      "Transfer-Encoding": "chunked",
      "Content-Type": "application/offset+octet-stream",
    });
    await chunked.send("4\r\nabcd\r\n0\r\n\r\n");
    assertEquals((await chunked.answer()).status, 400);
    assertEquals(await server.incomingNames(), before);
  },
});

conformance("Expiration", {
  "Upload-Expires MUST be in each PATCH response of an upload that is going to expire": async ({ send, create }) => {
    const path = await create({ "Upload-Length": 10 });
    const weekAfter = (time: number) => time + 7 * 86_400_000;
    const before = Date.now();
    const going = await send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc");
    const expires = going.headers.get("upload-expires") ?? "";
    assertMatch(expires, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    // A date has whole seconds.
    assert(Date.parse(expires) > weekAfter(before) - 1000 && Date.parse(expires) <= weekAfter(Date.now()), expires);
    const done = await send(`PATCH ${path}`, { "Upload-Offset": 3 }, "0123456");
    assertEquals(told(done, "upload-offset", "upload-expires"), ["10", null]);
  },
});

conformance("Termination", {
  "MUST answer 204 and free the upload; later requests SHOULD be 404 or 410, and are 404": async (
    { ask, send, create, server },
  ) => {
    for (const body of ["abc", "0123456789"]) {
      const path = await create({ "Upload-Length": 10, "Upload-Metadata": `filename ${base64("t")}` });
      await send(`PATCH ${path}`, { "Upload-Offset": 0 }, body);
      assertEquals((await ask(`DELETE ${path}`)).status, 204);
      const later = [await ask(`HEAD ${path}`), await send(`PATCH ${path}`, { "Upload-Offset": 3 }, "a")];
      later.push(await ask(`DELETE ${path}`));
      for (const answer of later) {
        assertEquals([answer.status, ...told(answer, "upload-offset", "x-error")], [404, null, "terminated"]);
      }
    }
    assertEquals([await server.finishedNames(), await server.incomingNames()], [[], []]);
  },
  "the upload that was interrupted by it does not come back": async ({ ask, begin, create, server }) => {
    const path = await create({ "Upload-Length": 1000 });
    using going = await begin(`PATCH ${path}`, {
      "Upload-Offset": 0,
      "Content-Length": 1000,
      "Content-Type": "application/offset+octet-stream",
    });
    await going.send(file.subarray(0, 500));
    assertEquals((await ask(`DELETE ${path}`)).status, 204);
    await going.answer();
    assertEquals([(await ask(`HEAD ${path}`)).status, await server.incomingNames()], [404, []]);
  },
});
