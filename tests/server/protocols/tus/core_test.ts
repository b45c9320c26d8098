import { assertEquals } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { untilReceived } from "../../../support/incoming.ts";
import { conformance } from "../../../support/tus_table.ts";
import { base64, told } from "../../../support/tus_wire.ts";

const file = someBytes(1000);

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
  "X-HTTP-Method-Override MUST be the method of a POST that means PATCH or DELETE, and of no other request": async (
    { ask, send, create },
  ) => {
    const path = await create({ "Upload-Length": 1000 });
    const patch = await send(
      `POST ${path}`,
      { "Upload-Offset": 0, "X-HTTP-Method-Override": "PATCH" },
      file.subarray(0, 10),
    );
    assertEquals([patch.status, ...told(patch, "upload-offset")], [204, "10"]);
    for (const [method, meant] of [["GET", "DELETE"], ["PATCH", "DELETE"], ["POST", "HEAD"], ["POST", "constructor"]]) {
      const refused = await ask(`${method} ${path}`, { "X-HTTP-Method-Override": meant!, "Content-Length": 0 });
      assertEquals([method, meant, refused.status], [method, meant, 400]);
    }
    const asked = await ask(`HEAD ${path}`, { "X-HTTP-Method-Override": "HEAD" });
    assertEquals([asked.status, ...told(asked, "upload-offset")], [200, "10"]);
    const removed = await ask(`POST ${path}`, { "X-HTTP-Method-Override": "DELETE", "Content-Length": 0 });
    assertEquals([removed.status, (await ask(`HEAD ${path}`)).status], [204, 404]);
  },
});
