import { assert, assertEquals } from "@std/assert";
import { createFingerprintOf } from "../../../client/upload/fingerprint.ts";
import { FakeServer } from "../support/fake_server.ts";
import { BROKEN, makeFile, setUp, SIZE, waits, WHOLE } from "../support/set_up.ts";

const TRANSCRIPTS: { name: string; server: () => FakeServer; seen: string[]; waits?: number[] }[] = [
  { name: "sends a new file in requests of bounded size", server: () => new FakeServer(SIZE), seen: WHOLE },
  {
    name: "goes on from what the server holds",
    server: () => new FakeServer(SIZE, { held: 700 }),
    seen: ["GET", "POST 700+300"],
  },
  {
    name: "asks again after a broken connection and goes on from the last byte that arrived",
    server: () => new FakeServer(SIZE, { faults: [undefined, { breakAfter: 123 }] }),
    seen: ["GET", "POST 0+400", "GET", "POST 123+400", "POST 523+400", "POST 923+77"],
    waits: [500],
  },
  {
    name: "does not send again what is complete when only the last answer was lost",
    server: () => new FakeServer(SIZE, { faults: [undefined, undefined, undefined, { loseAnswer: true }] }),
    seen: [...WHOLE, "GET"],
    waits: [500],
  },
  {
    name: "finishes with an empty body when the server holds all bytes of an unfinished upload",
    server: () => new FakeServer(SIZE, { held: SIZE }),
    seen: ["GET", "POST 1000+0"],
  },
  {
    name: "goes on at once from the count that a wrong start byte brings back",
    server: () =>
      new FakeServer(SIZE, { held: 500, faults: [{ answer: { status: 200, text: "300" } }, undefined, undefined] }),
    seen: ["GET", "POST 300+400", "POST 500+400", "POST 900+100"],
  },
  {
    name: "waits as long as Retry-After says",
    server: () =>
      new FakeServer(SIZE, { faults: [{ answer: { status: 503, headers: { "Retry-After": "7" } } }], held: 900 }),
    seen: ["GET", "GET", "POST 900+100"],
    waits: [7000],
  },
  {
    name: "tries again after each status that passes by itself, with growing retry delays",
    server: () =>
      new FakeServer(SIZE, {
        held: 900,
        faults: [408, 409, 423, 425, 429, 500, 502, 504].map((status) => ({ answer: { status } })),
      }),
    seen: [...Array<string>(9).fill("GET"), "POST 900+100"],
    waits: [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  },
  {
    name: "counts failures anew after each gain",
    server: () =>
      new FakeServer(SIZE, {
        faults: [BROKEN, BROKEN, undefined, { breakAfter: 300 }, undefined, { breakAfter: 300 }],
      }),
    seen: ["GET", "GET", "GET", "POST 0+400", "GET", "POST 300+400", "GET", "POST 600+400"],
    waits: [500, 1000, 500, 500],
  },
  {
    name: "takes a page of a hotel's network for what it is, and tries again",
    server: () => new FakeServer(SIZE, { held: 900, faults: [{ answer: { status: 200, text: "<html>Log in" } }] }),
    seen: ["GET", "GET", "POST 900+100"],
    waits: [500],
  },
  {
    name: "begins anew beside a finished upload of another length under its id",
    server: () => {
      const headers = { "Upload-Offset": "77", "Upload-Complete": "?1" };
      return new FakeServer(SIZE, { faults: [{ answer: { status: 200, headers, text: "77" } }] });
    },
    seen: WHOLE,
  },
  {
    name: "takes the count of the whole as the end from a server that has no other word for it",
    server: () =>
      new FakeServer(SIZE, { held: 900, old: true, faults: [undefined, { answer: { status: 200, text: "1000" } }] }),
    seen: ["GET", "POST 900+100"],
  },
  {
    name: "works with a server of the tutorials, asking after each piece",
    server: () => new FakeServer(SIZE, { old: true }),
    seen: ["GET", "POST 0+400", "GET", "POST 400+400", "GET", "POST 800+200"],
  },
  {
    name: "goes on from the count in the body of a tutorial's 400",
    server: () => new FakeServer(SIZE, { old: true, held: 900, faults: [{ answer: { status: 200, text: "300" } }] }),
    seen: ["GET", "POST 300+400", "POST 900+100"],
  },
];

for (const transcript of TRANSCRIPTS) {
  Deno.test(`upload() ${transcript.name}`, async () => {
    const { server, clock, uploader, progress } = setUp(transcript.server());
    assertEquals(await clock.run(uploader.upload()), true);
    assertEquals(server.seen, transcript.seen);
    assertEquals(waits(progress), transcript.waits ?? []);
    assertEquals(progress.at(-1)?.state, "done");
    assertEquals(progress.at(-1)?.confirmed, SIZE);
  });
}

Deno.test("upload() sends nothing when the server has the whole file, and knows where it is", async () => {
  const server = new FakeServer(SIZE, { held: SIZE });
  server.complete = true;
  const { clock, uploader } = setUp(server);
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(server.seen, ["GET"]);
  // Nothing tells an absolute URL where there is no page and no endpoint.
  assertEquals([uploader.location, uploader.href], ["/files/AAAAAAAAAAAAAAAAAAAAAA", undefined]);
});

Deno.test("upload() sends an empty file in one request", async () => {
  const server = new FakeServer(0);
  const { clock, uploader } = setUp(server, { file: makeFile(0) });
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(server.seen, ["GET", "POST 0+0"]);
  assert(server.complete);
});

Deno.test("upload() describes the file in headers of plain ASCII", async () => {
  const server = new FakeServer(3);
  const file = new File(["abc"], 'отчёт "1" 100%.pdf', { type: "application/pdf", lastModified: 7 });
  const { clock, uploader } = setUp(server, {
    file,
    id: "отчёт",
    path: "папка/a b/отчёт 100%.pdf",
    fingerprintOf: createFingerprintOf(),
  });
  await clock.run(uploader.upload());
  assertEquals(server.headers[0], {
    "X-File-Id": "%D0%BE%D1%82%D1%87%D1%91%D1%82",
    "X-Start-Byte": "0",
    "X-Start-Over": "?0",
    "X-File-Size": "3",
    "X-File-Name": "%D0%BE%D1%82%D1%87%D1%91%D1%82%20100%25.pdf",
    "X-File-Path": "%D0%BF%D0%B0%D0%BF%D0%BA%D0%B0/a%20b/%D0%BE%D1%82%D1%87%D1%91%D1%82%20100%25.pdf",
    "X-File-Type": "application/pdf",
    "X-File-Modified": "7",
    "Content-Digest": "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:",
  });
});

Deno.test("upload() tells a date before 1970, and leaves out a type that is none", async () => {
  const server = new FakeServer(0);
  const file = new File([], "old", { type: "whatever", lastModified: -1 });
  const { clock, uploader } = setUp(server, { file });
  await clock.run(uploader.upload());
  assertEquals(server.headers[1]?.["X-File-Modified"], "-1");
  assertEquals(server.headers[1]?.["X-File-Type"], undefined);
});
