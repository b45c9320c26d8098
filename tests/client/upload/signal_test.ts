import { assertEquals, assertRejects } from "@std/assert";
import { FakeServer } from "../support/fake_server.ts";
import { setUp, SIZE } from "../support/set_up.ts";

Deno.test("upload() ends when its signal aborts, and rejects with the reason", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [undefined, { stallAfter: 10 }] }));
  const leaving = new AbortController();
  const result = uploader.upload({ signal: leaving.signal });
  await clock.settle();
  leaving.abort(new DOMException("The person has left", "AbortError"));
  await assertRejects(() => clock.run(result), DOMException, "The person has left");
  assertEquals([uploader.progress.state, server.seen], ["stopped", ["GET", "POST 0+400"]]);
});

Deno.test("upload() begins nothing when its signal has aborted before", async () => {
  const { server, uploader } = setUp(new FakeServer(SIZE));
  await assertRejects(() => uploader.upload({ signal: AbortSignal.abort() }), DOMException);
  assertEquals([uploader.progress.state, server.seen], ["ready", []]);
});

Deno.test("a signal that aborts after the end of its upload stops no later one", async () => {
  const { clock, uploader } = setUp(new FakeServer(SIZE));
  const late = new AbortController();
  assertEquals(await clock.run(uploader.upload({ signal: late.signal })), true);
  const again = uploader.upload();
  late.abort();
  assertEquals(await clock.run(again), true);
});

Deno.test("stop() resolves an upload with a signal to false", async () => {
  const { clock, uploader } = setUp(new FakeServer(SIZE, { faults: [undefined, { stallAfter: 10 }] }));
  const result = uploader.upload({ signal: new AbortController().signal });
  await clock.settle();
  uploader.stop();
  assertEquals(await clock.run(result), false);
});
