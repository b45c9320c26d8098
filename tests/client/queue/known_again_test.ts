import { assert, assertEquals } from "@std/assert";
import type { QueuedUpload } from "../../../client/mod.ts";
import type { Transport } from "../../../client/mod.ts";
import { FakeServer } from "../support/fake_server.ts";
import {
  fileOf,
  LARGE,
  names,
  pausedUpload,
  type QueueSetup,
  rest,
  setUpQueue,
  uploaderOf,
} from "../support/queue_set_up.ts";

/** As over plain HTTP. */
const NO_LOCKS = { request: () => Promise.reject(new DOMException("None", "SecurityError")) };

Deno.test("dismiss() of one that failed before the server was asked keeps what an earlier page has begun", async () => {
  const one = await pausedUpload();
  one.upload.dismiss();
  assertEquals(names(await one.store.unfinished()), ["a"]);
  const two = setUpQueue(
    { store: one.store, locks: one.locks },
    () => ({ held: 2 ** 19 + 10, faults: Array(9).fill({ answer: { status: 403 } }) }),
  );
  const u = two.queue.add(fileOf("a", LARGE));
  await two.until("failed");
  await rest();
  u.dismiss();
  await rest();
  assertEquals(names(await one.store.unfinished()), ["a"]);
});

/** Two files that have nothing but their bytes apart, in one queue. */
async function twoAlike(setup: QueueSetup): Promise<{ first: QueuedUpload; second: QueuedUpload }> {
  const { queue } = setup;
  const [first, second] = [1, 2].map((byte) => new File([new Uint8Array(LARGE).fill(byte)], "a", { lastModified: 5 }));
  queue.add(first!);
  queue.add(second!);
  while (queue.uploads.length < 2) await rest(1);
  return { first: queue.uploads[0]!, second: queue.uploads[1]! };
}

Deno.test("the file that stands beside another one of its name is known again when that one is gone", async () => {
  const setup = setUpQueue();
  const { first, second } = await twoAlike(setup);
  first.dismiss();
  assert(setup.queue.add(second.file) === second);
  assertEquals(setup.queue.uploads, [second]);
  await setup.until("done");
  await rest();
});

Deno.test("a file beside another one of its name that is cancelled and added again waits until it has been deleted", async () => {
  const servers = new Map<string, FakeServer>();
  const gate = Promise.withResolvers<void>();
  const transport: Transport = async (request) => {
    const id = request.headers["X-File-Id"]!;
    if (!servers.has(id)) servers.set(id, new FakeServer(LARGE));
    if (request.method === "DELETE") await gate.promise;
    return await servers.get(id)!.transport(request);
  };
  const setup = setUpQueue({ transport, locks: NO_LOCKS, requestBytes: 2 ** 18 });
  const { queue, until } = setup;
  const leave = queue.on("progress", (upload) => upload.progress.confirmed >= 2 ** 18 && upload.pause());
  const { first, second } = await twoAlike(setup);
  await until("paused");
  leave();
  first.dismiss();
  second.cancel();
  const again = queue.add(second.file);
  await rest();
  assertEquals(again.state, "queued");
  gate.resolve();
  await until("done");
  await rest();
  assert(servers.get(await uploaderOf(again)!.id())!.complete);
});

Deno.test("what was refused as too large, and is tried again, is remembered", async () => {
  const { queue, store, until } = setUpQueue(
    { requestBytes: 2 ** 18 },
    () => ({ faults: [{ answer: { status: 413, headers: { "Upload-Limit": "max-size=10" } } }] }),
  );
  queue.add(fileOf("a", LARGE));
  await until("failed");
  await rest();
  queue.add(fileOf("a", LARGE));
  queue.on("progress", (x) => x.progress.confirmed >= 2 ** 18 && x.pause());
  await until("paused");
  await rest();
  assertEquals(names(await store.unfinished()), ["a"]);
});
