import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../client/mod.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer } from "../support/fake_server.ts";
import { BROKEN, ChangedFile, makeFile, setUp, SIZE } from "../support/set_up.ts";

const REFUSED = { answer: { status: 403 } };
const FILE = "DELETE /files/AAAAAAAAAAAAAAAAAAAAAA";

Deno.test("cancel() deletes a file that became whole by the request that it ended", async () => {
  const faults = [undefined, undefined, undefined, { loseAnswer: true }] as const;
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [...faults] }));
  const result = uploader.upload();
  await clock.settle();
  assertEquals([server.complete, uploader.progress.state], [true, "waiting"]);
  await clock.run(uploader.cancel());
  assertEquals(await result, false);
  assertEquals(server.seen.slice(-2), ["DELETE /upload", FILE]);
  assertEquals([server.held, uploader.progress.state], [0, "cancelled"]);
});

Deno.test("cancel() leaves a finished file that was on the server before, under the same id or not", async () => {
  const other = { "Upload-Offset": "77", "Upload-Complete": "?1", "Location": "/files/AAAAAAAAAAAAAAAAAAAAAA" };
  const server = new FakeServer(SIZE, {
    faults: [{ answer: { status: 200, headers: other } }, { stallAfter: 0 }, { answer: { status: 409 } }],
  });
  const { clock, uploader } = setUp(server);
  const result = uploader.upload();
  await clock.settle();
  assertEquals(uploader.progress.state, "sending");
  await clock.run(uploader.cancel());
  await result;
  assertEquals(server.seen.at(-1), "DELETE /upload");

  const again = new FakeServer(SIZE);
  const second = setUp(again);
  await second.clock.run(second.uploader.upload());
  const asking = second.uploader.upload();
  await second.clock.run(second.uploader.cancel().catch(() => {}));
  await asking;
  assertEquals([again.complete, again.held], [true, SIZE]);
});

Deno.test("cancel() rejects when the file is on the server already, and says so", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE));
  await clock.run(uploader.upload());
  const before = server.seen.length;
  const error = await assertRejects(() => clock.run(uploader.cancel()), UploadError, "delete it there");
  assertEquals([error.code, uploader.progress.state, server.seen.length], ["refused", "done", before]);
});

Deno.test("cancel() tries again until the server is told", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { held: 500, faults: [BROKEN, BROKEN, BROKEN] }));
  const before = clock.now();
  await clock.run(uploader.cancel());
  assertEquals(server.seen, Array(4).fill("DELETE /upload"));
  assertEquals([server.held, clock.now() - before], [0, 500 + 1000 + 2000]);
});

Deno.test("cancel() tries again after the statuses after which upload() tries again", async () => {
  const faults = [408, 423, 425, 429, 500, 503].map((status) => ({ answer: { status } }));
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { held: 500, faults }));
  await clock.run(uploader.cancel());
  assertEquals([server.seen, server.held], [Array(7).fill("DELETE /upload"), 0]);
});

Deno.test("cancel() rejects when the server could not be told in 20 tries, or does not let it", async () => {
  const away = setUp(new FakeServer(SIZE, { held: 500, faults: Array(30).fill(BROKEN) }));
  const error = await assertRejects(() => away.clock.run(away.uploader.cancel()), UploadError, "for days");
  assertEquals([error.code, away.server.seen.length], ["no-progress", 20]);

  const closed = setUp(new FakeServer(SIZE, { held: 500, faults: [REFUSED, REFUSED] }));
  const refused = await assertRejects(() => closed.clock.run(closed.uploader.cancel()), UploadError);
  assertEquals([refused.code, closed.server.seen.length], ["not-allowed", 1]);
});

Deno.test("cancel() after one that failed tells the server again", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { held: 500, faults: [REFUSED] }));
  await assertRejects(() => clock.run(uploader.cancel()), UploadError);
  await clock.run(uploader.cancel());
  assertEquals([server.seen.length, server.held], [2, 0]);
});

Deno.test("cancel() twice is one", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [undefined, { stallAfter: 150 }] }));
  const result = uploader.upload();
  await clock.settle();
  await clock.run(Promise.all([uploader.cancel(), uploader.cancel()]));
  assertEquals(await result, false);
  assertEquals(server.seen.slice(2), ["DELETE /upload"]);
});

Deno.test("cancel() that cannot read the file any more rejects, and leaves nothing running", async () => {
  const { clock, uploader } = setUp(new FakeServer(SIZE), { file: new ChangedFile(), id: undefined! });
  const error = await assertRejects(() => clock.run(uploader.cancel()), UploadError);
  assertEquals([error.code, uploader.progress.state], ["file-changed", "cancelled"]);
});

Deno.test("upload() right after cancel() begins anew when the server has deleted what it had", async () => {
  const faults = [undefined, undefined, { stallAfter: 10 }, BROKEN];
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults }));
  const first = uploader.upload();
  await clock.settle();
  const cancelled = uploader.cancel();
  const second = uploader.upload();
  assertEquals(await clock.run(second), true);
  assertEquals(await first, false);
  await cancelled;
  assertEquals(server.seen.slice(3, 7), ["DELETE /upload", "DELETE /upload", "GET", "POST 0+400"]);
  assertEquals([server.complete, server.mostAtOnce, uploader.progress.state], [true, 1, "done"]);
});

Deno.test("cancel() of an upload that waits for an earlier cancel() ends that one too", async () => {
  const faults = [undefined, { stallAfter: 10 }, BROKEN, BROKEN];
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults }));
  const results = [uploader.upload()];
  await clock.settle();
  const cancelled = [uploader.cancel()];
  results.push(uploader.upload());
  cancelled.push(uploader.cancel());
  await clock.run(Promise.all(cancelled));
  assertEquals(await Promise.all(results), [false, false]);
  assertEquals([server.held, uploader.progress.state], [0, "cancelled"]);
  assert(server.seen.slice(2).every((seen) => seen === "DELETE /upload"), `${server.seen}`);
});

Deno.test("cancel() keeps the upload to itself until the server is told, so that no other tab begins in between", async () => {
  const locks = new FakeLocks();
  const server = new FakeServer(SIZE, { faults: [undefined, { stallAfter: 10 }, BROKEN] });
  const { clock, uploader } = setUp(server, { locks });
  const result = uploader.upload();
  await clock.settle();
  const cancelled = uploader.cancel();
  await result;
  await clock.settle();
  const other = setUp(server, { locks, clock, file: makeFile() });
  const brought = other.uploader.upload();
  await clock.settle();
  assertEquals(other.uploader.progress.problem?.code, "elsewhere");
  await clock.run(Promise.all([cancelled, brought]));
  assertEquals(server.seen.filter((seen) => seen.startsWith("DELETE")).length, 2);
  assertEquals([server.complete, server.seen.at(-1)], [true, "POST 800+200"]);
});

Deno.test("cancel() takes no other success than 204: a site that takes every request answers 200", async () => {
  const always = { answer: { status: 200 } };
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { held: 500, always }));
  const error = await assertRejects(() => clock.run(uploader.cancel()), UploadError);
  assertEquals([error.code, server.held], ["no-progress", 500]);
});

Deno.test("delete() takes no other success than 204", async () => {
  // Three requests bring the file, behind a question.
  const faults = [undefined, undefined, undefined, undefined, { answer: { status: 200 } }];
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults }));
  await clock.run(uploader.upload());
  const error = await assertRejects(() => clock.run(uploader.delete()), UploadError);
  assertEquals([error.code, server.complete, server.seen.length], ["no-progress", true, 5]);
});
