import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UploadError } from "../../../client/mod.ts";
import { FakeServer, type Fault } from "../support/fake_server.ts";
import { LiveFile } from "../support/live_file.ts";
import { BROKEN, ChangedFile, setUp, SIZE, waits, WHOLE } from "../support/set_up.ts";

const REFUSALS: { answer: NonNullable<Fault["answer"]>; code: UploadError["code"]; message: RegExp }[] = [
  {
    answer: { status: 400, text: "No file id" },
    code: "refused",
    message: /\(400, No file id\)\. Choose another file/,
  },
  { answer: { status: 401 }, code: "signed-out", message: /\(401\)\. Sign in, then upload again/ },
  { answer: { status: 403 }, code: "not-allowed", message: /\(403\)\. Ask whoever runs the server/ },
  { answer: { status: 404, text: "<h1>Not" }, code: "refused", message: /\(404\)\. Check the address/ },
  { answer: { status: 410, text: "Gone" }, code: "gone", message: /\(410, Gone\)\. Upload again: it begins anew/ },
  {
    answer: { status: 413, text: "At most 5 MB" },
    code: "too-large",
    message: /\(413, At most 5 MB\)\. Choose a smaller/,
  },
  {
    answer: { status: 421, text: 'The host "a" is not allowed: see --allow-host' },
    code: "refused",
    message: /\(421, The host "a" is not allowed: see --allow-host\)\. Check the address/,
  },
  { answer: { status: 507, text: "Full" }, code: "disk-full", message: /\(507, Full\)\. It keeps what has arrived/ },
  {
    answer: { status: 507, headers: { "X-Error": "over-quota" }, text: "Your limit is 5 MB" },
    code: "over-quota",
    message: /\(507, Your limit is 5 MB\)\. Delete files there/,
  },
  {
    answer: { status: 400, headers: { "Upload-Offset": "0" }, text: "X-File-Size changed" },
    code: "refused",
    message: /X-File-Size changed/,
  },
];

for (const { answer, code, message } of REFUSALS) {
  const name = `${answer.status} ${answer.text ?? ""}`;
  Deno.test(`upload() ends with "${code}" and what to do next when the server answers ${name}`, async () => {
    const { server, clock, uploader, progress } = setUp(new FakeServer(SIZE, { faults: [undefined, { answer }] }));
    const error = await assertRejects(() => clock.run(uploader.upload()), UploadError);
    assertEquals(error.code, code);
    assertEquals(error.status, answer.status);
    assertMatch(error.message, message);
    assertEquals(error.message.includes("\n"), false);
    assertEquals(server.seen, ["GET", "POST 0+400"]);
    assertEquals(progress.at(-1)?.state, "failed");
  });
}

Deno.test("upload() goes on where it was when it is called again after an error", async () => {
  const full = { answer: { status: 507 } };
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [undefined, undefined, full] }));
  await assertRejects(() => clock.run(uploader.upload()), UploadError);
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(server.seen.slice(3), ["GET", "POST 400+400", "POST 800+200"]);
});

Deno.test("upload() refuses to splice a file into a longer upload", async () => {
  const { clock, uploader } = setUp(new FakeServer(SIZE, { held: SIZE + 1 }));
  const error = await assertRejects(() => clock.run(uploader.upload()), UploadError, "this file of 1000");
  assertEquals(error.code, "refused");
});

Deno.test("upload() gives up after the given number of tries in a row, and tells the last problem", async () => {
  const { server, clock, uploader, progress } = setUp(
    new FakeServer(SIZE, { faults: Array(20).fill({ answer: { status: 502, text: "Bad gateway" } }) }),
    { tries: 4 },
  );
  const error = await assertRejects(() => clock.run(uploader.upload()), UploadError, "502, Bad gateway");
  assertEquals(error.code, "no-progress");
  assertEquals(server.seen.length, 4);
  assertEquals(waits(progress), [500, 1000, 2000]);
});

Deno.test("upload() gives up on a server that takes bytes and never keeps them", async () => {
  const headers = { "Upload-Offset": "0", "Upload-Complete": "?0" };
  const nothing = { answer: { status: 200, headers, text: "0" } };
  const { clock, uploader, progress } = setUp(new FakeServer(SIZE, { faults: Array(30).fill(nothing) }), { tries: 4 });
  const error = await assertRejects(() => clock.run(uploader.upload()), UploadError, "did not keep");
  assertEquals(error.code, "no-progress");
  assertEquals(waits(progress), [1000, 2000]);
});

Deno.test("upload() tries again when nothing moves for 30 seconds", async () => {
  const { server, clock, uploader, progress } = setUp(
    new FakeServer(SIZE, { faults: [undefined, { stallAfter: 100 }] }),
  );
  const before = clock.now();
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(clock.now() - before, 30_500);
  assertEquals(server.seen.slice(2), ["GET", "POST 100+400", "POST 500+400", "POST 900+100"]);
  assertEquals(progress.find(({ state }) => state === "waiting")?.problem, {
    code: "stalled",
    message: "Nothing moves any more",
  });
});

Deno.test("upload() gives the server longer for its answer once the last byte of the file has departed", async () => {
  const faults = [undefined, undefined, undefined, { stallAfter: 200 }];
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults }), { answerMs: 120_000 });
  const before = clock.now();
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(clock.now() - before, 120_500);
  assertEquals(server.seen, [...WHOLE, "GET", `POST ${SIZE}+0`]);
});

Deno.test("upload() waits no longer for the answer to a piece that has left than for one that moves", async () => {
  const faults = [undefined, { stallAfter: 400 }];
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults }), { answerMs: 120_000 });
  const before = clock.now();
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(clock.now() - before, 30_500);
  assertEquals(server.seen.slice(2), ["GET", "POST 400+400", "POST 800+200"]);
});

Deno.test("upload() tells a file that changed on the disk from a broken network", async () => {
  const { clock, uploader } = setUp(new FakeServer(SIZE, { faults: [undefined, BROKEN] }), {
    file: new ChangedFile(),
  });
  const error = await assertRejects(() => clock.run(uploader.upload()), UploadError, "Choose the file again");
  assertEquals(error.code, "file-changed");
});

Deno.test("upload() tells a file that is gone 3 seconds after the last byte has moved, and a moment to look again", async () => {
  const file = new LiveFile(new Uint8Array(SIZE));
  const server = new FakeServer(SIZE, { faults: [undefined, { stallAfter: 100 }] });
  const { clock, uploader } = setUp(server, { file });
  uploader.on("state", (state) => {
    if (state === "sending") file.content = new Uint8Array();
  });
  const before = clock.now();
  const error = await assertRejects(() => clock.run(uploader.upload()), UploadError, "Choose the file again");
  assertEquals([error.code, clock.now() - before], ["file-changed", 5000]);
});

Deno.test("upload() is told once that a host is not allowed, also when it asks", async () => {
  const answer = { status: 421, text: "See --allow-host" };
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [{ answer }] }));
  await assertRejects(() => clock.run(uploader.upload()), UploadError, "See --allow-host");
  assertEquals(server.seen, ["GET"]);
});

Deno.test("upload() leaves alone what is slow but moves", async () => {
  const server = new FakeServer(SIZE);
  const { clock, uploader } = setUp(server, {
    requestBytes: SIZE,
    async transport(request) {
      for (let bytes = 100; request.method === "POST" && bytes <= SIZE; bytes += 100) {
        await clock.wait(20_000, request.signal);
        request.onSent?.(bytes);
      }
      return await server.transport(request);
    },
  });
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(server.seen, ["POST 0+1000"]);
});
