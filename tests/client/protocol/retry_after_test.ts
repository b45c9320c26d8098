import { assert, assertEquals } from "@std/assert";
import { FakeServer } from "../support/fake_server.ts";
import { setUp, SIZE } from "../support/set_up.ts";

Deno.test("a network that is back does not bring the client sooner than the server wants it", async () => {
  const busy = { answer: { status: 503, headers: { "Retry-After": "7" } } };
  const { clock, uploader, progress } = setUp(new FakeServer(SIZE, { faults: [busy] }));
  const before = clock.now();
  const result = uploader.upload();
  await clock.settle();
  assertEquals(progress.at(-1)?.state, "waiting");
  dispatchEvent(new Event("online"));
  await clock.settle();
  assertEquals(progress.at(-1)?.state, "waiting");
  assertEquals(await clock.run(result), true);
  assert(clock.now() - before >= 7000, `${clock.now() - before} ms`);
});

Deno.test("retryNow() does not wait for Retry-After", async () => {
  const busy = { answer: { status: 503, headers: { "Retry-After": "7" } } };
  const { clock, uploader } = setUp(new FakeServer(SIZE, { faults: [busy] }));
  const before = clock.now();
  const result = uploader.upload();
  await clock.settle();
  uploader.retryNow();
  assertEquals(await clock.run(result), true);
  assertEquals(clock.now(), before);
});
