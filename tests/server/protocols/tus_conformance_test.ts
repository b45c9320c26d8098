import { assert, assertEquals, assertMatch } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { untilReceived } from "../../support/incoming.ts";
import { base64, openTusWire, told, type TusWire } from "../../support/tus_wire.ts";

const file = someBytes(1000);

/** What the standard says, by its section, and what shows it. */
type Table = Record<string, (wire: TusWire) => Promise<void>>;

function conformance(section: string, table: Table): void {
  Deno.test(`tus 1.0.0, ${section}`, async (test) => {
    await using wire = await openTusWire({ maxBytes: 5000 });
    for (const [says, shows] of Object.entries(table)) await test.step(says, () => shows(wire));
  });
}

conformance("Core protocol: HEAD", {
  "MUST include Upload-Offset, even if it is 0, and Upload-Length where it is known": async ({ ask, send, create }) => {
    const path = await create({ "Upload-Length": 1000 });
    const fresh = await ask(`HEAD ${path}`);
    assertEquals([fresh.status, ...told(fresh, "upload-offset", "upload-length")], [200, "0", "1000"]);
    await send(`PATCH ${path}`, { "Upload-Offset": 0 }, file.subarray(0, 300));
    assertEquals(told(await ask(`HEAD ${path}`), "upload-offset", "upload-length"), ["300", "1000"]);
  },
  "MUST prevent caching by Cache-Control: no-store": async ({ ask, create }) => {
    assertEquals(told(await ask(`HEAD ${await create({ "Upload-Length": 5 })}`), "cache-control"), ["no-store"]);
  },
  "SHOULD answer 404, 410 or 403 without Upload-Offset where there is no such upload": async ({ ask }) => {
    for (const path of ["/files/AAAAAAAAAAAAAAAAAAAAAA", "/files/short", "/files/a/b", "/files/%2e%2e%2fpawl.db"]) {
      const answer = await ask(`HEAD ${path}`);
      assertEquals([answer.status, ...told(answer, "upload-offset", "tus-resumable")], [404, null, "1.0.0"]);
    }
  },
});

conformance("Core protocol: PATCH", {
  "MUST take application/offset+octet-stream at the offset, and answer 204 with the new Upload-Offset": async (
    { send, create, server },
  ) => {
    const path = await create({ "Upload-Length": 1000, "Upload-Metadata": `filename ${base64("a.bin")}` });
    const first = await send(`PATCH ${path}`, { "Upload-Offset": 0 }, file.subarray(0, 300));
    assertEquals([first.status, ...told(first, "upload-offset", "tus-resumable")], [204, "300", "1.0.0"]);
    const last = await send(`PATCH ${path}`, { "Upload-Offset": 300 }, file.subarray(300));
    assertEquals([last.status, ...told(last, "upload-offset")], [204, "1000"]);
    assertEquals(await server.finished("a.bin"), file);
  },
  "MUST answer 415 to another Content-Type": async ({ ask, create }) => {
    const path = await create({ "Upload-Length": 1000 });
    for (const type of ["application/octet-stream", "text/plain", ""]) {
      const headers = { "Upload-Offset": 0, "Content-Length": 3, "Content-Type": type };
      assertEquals((await ask(`PATCH ${path}`, headers, "abc")).status, 415);
    }
    assertEquals(told(await ask(`HEAD ${path}`), "upload-offset"), ["0"]);
  },
  "MUST answer 409 where the offsets differ, and change nothing": async ({ ask, send, create }) => {
    const path = await create({ "Upload-Length": 1000 });
    await send(`PATCH ${path}`, { "Upload-Offset": 0 }, file.subarray(0, 300));
    for (const offset of [0, 299, 301, 1000]) {
      const answer = await send(`PATCH ${path}`, { "Upload-Offset": offset }, file.subarray(0, 10));
      assertEquals([offset, answer.status, ...told(answer, "upload-offset")], [offset, 409, "300"]);
    }
    assertEquals(told(await ask(`HEAD ${path}`), "upload-offset"), ["300"]);
  },
  "the offset must be a non-negative whole number": async ({ send, create }) => {
    const path = await create({ "Upload-Length": 1000 });
    for (const offset of ["", "-1", "+0", "0.0", "0x0", "0, 0", "1234567890123456"]) {
      assertEquals([offset, (await send(`PATCH ${path}`, { "Upload-Offset": offset }, "abc")).status], [offset, 400]);
    }
  },
  "SHOULD answer 404 to an upload that is not there": async ({ send }) => {
    const answer = await send("PATCH /files/AAAAAAAAAAAAAAAAAAAAAA", { "Upload-Offset": 0 }, "abc");
    assertEquals([answer.status, ...told(answer, "upload-offset")], [404, null]);
  },
  "SHOULD store as much as it receives of a request that breaks": async ({ ask, begin, create, server }) => {
    const path = await create({ "Upload-Length": 1000 });
    const headers = { "Upload-Offset": 0, "Content-Type": "application/offset+octet-stream", "Content-Length": 1000 };
    {
      using cut = await begin(`PATCH ${path}`, headers);
      await cut.send(file.subarray(0, 600));
    }
    assertEquals(told(await ask(`HEAD ${path}`), "upload-offset"), ["600"]);
    using halfClosed = await begin(`PATCH ${path}`, { ...headers, "Upload-Offset": 600, "Content-Length": 400 });
    await halfClosed.send(file.subarray(600, 700));
    await untilReceived(server.data, 700, path.slice(-22));
    await halfClosed.finishSending();
    const answer = await halfClosed.answer();
    assertEquals([answer.status, ...told(answer, "upload-offset", "tus-resumable")], [503, "700", "1.0.0"]);
  },
});

conformance("Core protocol: OPTIONS, headers and versions", {
  "OPTIONS: 204 or 200, MUST have Tus-Version, and MAY have Tus-Extension and Tus-Max-Size": async ({ ask }) => {
    for (const version of ["", "0.2.2", "1.0.0"]) {
      for (const path of ["/files/", "/files", "/files/AAAAAAAAAAAAAAAAAAAAAA"]) {
        const answer = await ask(`OPTIONS ${path}`, { "Tus-Resumable": version });
        assertEquals([answer.status, ...told(answer, "tus-version", "tus-max-size")], [204, "1.0.0", "5000"]);
        assertEquals(told(answer, "tus-extension", "tus-checksum-algorithm"), [
          "creation,creation-with-upload,creation-defer-length,checksum,concatenation,expiration,termination",
          "sha1,sha256,sha512,md5,crc32",
        ]);
      }
    }
  },
  "Tus-Resumable MUST be in every response": async ({ ask }) => {
    const lines = [
      "POST /files/",
      "GET /files/",
      "PATCH /files/x",
      "DELETE /files/AAAAAAAAAAAAAAAAAAAAAA",
      "BREW /files/",
    ];
    for (const line of lines) assertEquals(told(await ask(line), "tus-resumable"), ["1.0.0"]);
  },
  "a version that is not supported: 412 with Tus-Version, and the request is not processed": async (
    { ask, create },
  ) => {
    const path = await create({ "Upload-Length": 5 });
    for (const version of ["0.2.2", "1.0.1", "1.0.0, 1.0.0"]) {
      for (const line of [`HEAD ${path}`, `GET ${path}`, `PATCH ${path}`, `DELETE ${path}`, "POST /files/"]) {
        const headers = { "Tus-Resumable": version, "Upload-Length": 5, "Upload-Offset": 0, "Content-Length": 0 };
        const answer = await ask(line, line.startsWith("HEAD") ? { "Tus-Resumable": version } : headers);
        assertEquals([line, answer.status, ...told(answer, "tus-version", "tus-resumable")], [
          line,
          412,
          "1.0.0",
          "1.0.0",
        ]);
      }
    }
    for (const line of [`PATCH ${path}`, "POST /files/"]) {
      const answer = await ask(line, { "Tus-Resumable": "", "Content-Length": 0 });
      assertEquals([answer.status, ...told(answer, "tus-version")], [412, "1.0.0"]);
    }
    assertEquals((await ask(`HEAD ${path}`)).status, 200);
  },
  "X-HTTP-Method-Override MUST be the method, whatever the request's own is": async ({ ask, send, create }) => {
    const path = await create({ "Upload-Length": 1000 });
    const patch = await send(
      `POST ${path}`,
      { "Upload-Offset": 0, "X-HTTP-Method-Override": "PATCH" },
      file.subarray(0, 10),
    );
    assertEquals([patch.status, ...told(patch, "upload-offset")], [204, "10"]);
    const asked = await ask(`GET ${path}`, { "X-HTTP-Method-Override": "HEAD" });
    assertEquals([asked.status, ...told(asked, "upload-offset")], [200, "10"]);
    assertEquals(
      (await ask(`POST ${path}`, { "X-HTTP-Method-Override": "constructor", "Content-Length": 0 })).status,
      405,
    );
    const removed = await ask(`PATCH ${path}`, { "X-HTTP-Method-Override": "DELETE", "Content-Length": 0 });
    assertEquals([removed.status, (await ask(`HEAD ${path}`)).status], [204, 410]);
  },
});

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
      await untilReceived(server.data, 600);
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
    const going = await send(`PATCH ${path}`, { "Upload-Offset": 0 }, "abc");
    const expires = going.headers.get("upload-expires") ?? "";
    assertMatch(expires, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    assert(Math.abs(Date.parse(expires) - Date.now() - 7 * 86_400_000) < 10_000);
    const done = await send(`PATCH ${path}`, { "Upload-Offset": 3 }, "0123456");
    assertEquals(told(done, "upload-offset", "upload-expires"), ["10", null]);
  },
});

conformance("Termination", {
  "MUST answer 204 and free the upload; later requests SHOULD be 404 or 410": async ({ ask, send, create, server }) => {
    for (const body of ["abc", "0123456789"]) {
      const path = await create({ "Upload-Length": 10, "Upload-Metadata": `filename ${base64("t")}` });
      await send(`PATCH ${path}`, { "Upload-Offset": 0 }, body);
      assertEquals((await ask(`DELETE ${path}`)).status, 204);
      const later = [await ask(`HEAD ${path}`), await send(`PATCH ${path}`, { "Upload-Offset": 3 }, "a")];
      later.push(await ask(`DELETE ${path}`));
      for (const answer of later) assertEquals([answer.status, ...told(answer, "upload-offset")], [410, null]);
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
    assertEquals([(await ask(`HEAD ${path}`)).status, await server.incomingNames()], [410, []]);
  },
});
