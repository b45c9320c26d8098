import { assert, assertEquals } from "@std/assert";
import { FakeServer } from "../support/fake_server.ts";
import { BROKEN, ChangedFile, setUp, SIZE, WHOLE } from "../support/set_up.ts";

Deno.test("stop() ends the running request at once, and upload() goes on from there", async () => {
  const { server, clock, uploader, progress } = setUp(
    new FakeServer(SIZE, { faults: [undefined, { stallAfter: 150 }] }),
  );
  const first = uploader.upload();
  await clock.settle();
  const before = clock.now();
  uploader.stop();
  assertEquals(await first, false);
  assertEquals(clock.now(), before);
  assertEquals(progress.slice(-2).map(({ state }) => state), ["sending", "stopped"]);
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(server.seen.slice(2), ["GET", "POST 150+400", "POST 550+400", "POST 950+50"]);
});

Deno.test("stop() ends the pause before the next try", async () => {
  const { server, clock, uploader, progress } = setUp(new FakeServer(SIZE, { faults: [BROKEN, BROKEN] }));
  const result = uploader.upload();
  await clock.settle();
  assertEquals(progress.at(-1)?.state, "waiting");
  uploader.stop();
  assertEquals(await result, false);
  assertEquals(server.seen, ["GET"]);
});

Deno.test("stop() is no error, also when the file cannot be read any more", async () => {
  const server = new FakeServer(SIZE, { faults: [undefined, { stallAfter: 0 }] });
  const { clock, uploader } = setUp(server, { file: new ChangedFile() });
  const result = uploader.upload();
  await clock.settle();
  uploader.stop();
  assertEquals(await result, false);
});

Deno.test("stop() without an upload does nothing", async () => {
  const { clock, uploader } = setUp(new FakeServer(SIZE));
  uploader.stop();
  assertEquals(await clock.run(uploader.upload()), true);
});

Deno.test("retryNow() ends the pause before the next try", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [BROKEN] }));
  const result = uploader.upload();
  await clock.settle();
  const before = clock.now();
  uploader.retryNow();
  assertEquals(await result, true);
  assertEquals(clock.now(), before);
  assertEquals(server.seen, ["GET", ...WHOLE]);
});

Deno.test("upload() while an upload runs gives the same promise", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE));
  const first = uploader.upload();
  assert(uploader.upload() === first);
  assertEquals(await clock.run(first), true);
  assertEquals(server.seen, WHOLE);
});

Deno.test("upload() right after stop() begins when the stopped one has ended", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [undefined, { stallAfter: 10 }] }));
  const first = uploader.upload();
  await clock.settle();
  uploader.stop();
  const second = uploader.upload();
  assertEquals(await first, false);
  assertEquals(await clock.run(second), true);
  assertEquals(server.seen.slice(0, 4), ["GET", "POST 0+400", "GET", "POST 10+400"]);
  assertEquals(server.mostAtOnce, 1);
});

Deno.test("onProgress() never counts back, never shows more confirmed than sent, and ends with the whole", async () => {
  const { clock, uploader, progress } = setUp(
    new FakeServer(SIZE, { faults: [undefined, { breakAfter: 300 }, BROKEN, undefined, { stallAfter: 50 }] }),
  );
  await clock.run(uploader.upload());
  let confirmed = 0;
  for (const now of progress) {
    assert(now.confirmed >= confirmed, `confirmed went back from ${confirmed} to ${now.confirmed}`);
    assert(now.sent >= now.confirmed && now.sent <= now.total, `sent ${now.sent}, confirmed ${now.confirmed}`);
    confirmed = now.confirmed;
  }
  const last = progress.at(-1);
  assertEquals([last?.state, last?.confirmed, last?.sent, last?.total], ["done", SIZE, SIZE, SIZE]);
});
