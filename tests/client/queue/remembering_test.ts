import { assert, assertEquals } from "@std/assert";
import { IDBFactory } from "fake-indexeddb";
import { until as untilTrue } from "../../support/until.ts";
import { type Unfinished, UploadStore } from "../../../client/memory/upload_store.ts";
import { fileOf, LARGE, setUpQueue, uploaderOf } from "../support/queue_set_up.ts";
import { ChangedFile } from "../support/set_up.ts";

/** Waits until the memory knows what is looked for. */
async function untilKnown(store: UploadStore, isThere: (known: Unfinished[]) => boolean): Promise<Unfinished[]> {
  let known: Unfinished[] = [];
  await untilTrue(async () => isThere(known = await store.unfinished()), "the store knows what is looked for");
  return known;
}

Deno.test("A queue remembers each large file from the moment it is added, and how to find it again", async () => {
  const { queue, store, host } = setUpQueue({ endpoint: "https://a.example", concurrency: 1 });
  const letGo = host.hold();
  const upload = queue.add(fileOf("a", LARGE), { path: "folder/a" });
  queue.add(fileOf("small"));
  queue.add(fileOf("b", LARGE));
  const known = await untilKnown(store, ({ length }) => length === 2);
  const { writtenAt, ...a } = known.find(({ name }) => name === "a")!;
  assert(Math.abs(writtenAt - Date.now()) < 60_000);
  assertEquals(a, {
    id: await uploaderOf(upload)!.id(),
    url: "https://a.example",
    name: "a",
    size: LARGE,
    lastModified: 5,
    path: "folder/a",
    confirmed: 0,
  });
  assertEquals(known.find(({ name }) => name === "b")?.path, undefined);
  queue.cancelAll();
  letGo();
  await host.untilAtOnce(0);
});

Deno.test("A queue forgets what is done and what is cancelled, and keeps what has failed", async () => {
  const { queue, store, until } = setUpQueue({}, (name) => ({
    faults: name === "c" ? [undefined, { answer: { status: 403 } }] : [],
  }));
  queue.add(fileOf("a", LARGE));
  queue.add(fileOf("b", LARGE)).pause();
  queue.add(fileOf("c", LARGE));
  await until("done", "failed", "paused");
  await untilKnown(store, (known) => known.map(({ name }) => name).sort().join() === "b,c");
  for (const upload of queue.uploads) if (upload.state === "paused") upload.cancel();
  await untilKnown(store, (known) => known.map(({ name }) => name).join() === "c");
});

Deno.test("A queue forgets what has failed for good, or is removed, when the server has nothing of it", async () => {
  const { queue, store, until } = setUpQueue({}, (name) => ({
    ...name === "a" && { largestFile: 10 },
    faults: name === "b" ? [undefined, { answer: { status: 403 } }] : [],
  }));
  const [, b] = [queue.add(fileOf("a", LARGE)), queue.add(fileOf("b", LARGE))];
  await until("failed");
  await untilKnown(store, (known) => known.map(({ name }) => name).join() === "b");
  b.dismiss();
  await untilKnown(store, ({ length }) => length === 0);
});

Deno.test("A queue notes how far an upload is when it comes to a rest", async () => {
  const { queue, store, host } = setUpQueue({ requestBytes: 2 ** 19 }, () => ({
    faults: [undefined, undefined, { stallAfter: 10 }],
  }));
  const upload = queue.add(fileOf("a", LARGE));
  await untilKnown(store, ({ length }) => length === 1);
  while (host.files.get("a")?.held !== 2 ** 19 + 10) await new Promise((resolve) => setTimeout(resolve, 1));
  upload.pause();
  const [known] = await untilKnown(store, ([known]) => known?.confirmed === 2 ** 19 + 10);
  assertEquals(known?.name, "a");
  upload.dismiss();
});

Deno.test("A queue remembers the others when one file cannot be read", async () => {
  const { queue, store, host, until } = setUpQueue();
  const letGo = host.hold();
  Object.defineProperty(ChangedFile.prototype, "size", { value: LARGE, configurable: true });
  try {
    queue.add(new ChangedFile());
    queue.add(fileOf("a", LARGE));
    await untilKnown(store, (known) => known.map(({ name }) => name).join() === "a");
  } finally {
    delete (ChangedFile.prototype as { size?: number }).size;
  }
  letGo();
  await until("done", "failed");
});

Deno.test("A queue uploads all the same where nothing can be remembered", async () => {
  const never = Object.assign(new IDBFactory(), { open: () => ({}) as IDBOpenDBRequest });
  for (const store of [new UploadStore(), new UploadStore({ factory: never, patienceMs: 20 })]) {
    const { queue, until } = setUpQueue({ store });
    queue.add(fileOf("a", LARGE));
    queue.add(fileOf("b"));
    await until("done");
    assertEquals(await store.unfinished(), []);
  }
});
