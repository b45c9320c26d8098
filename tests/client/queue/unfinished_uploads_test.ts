import { assert, assertEquals, assertRejects } from "@std/assert";
import { IDBFactory } from "fake-indexeddb";
import { holdShared, listLockName } from "../../../client/memory/locks.ts";
import { type Unfinished, UploadStore } from "../../../client/memory/upload_store.ts";
import { isSameFile, UnfinishedUploads } from "../../../client/mod.ts";
import { UploadError } from "../../../client/mod.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer } from "../support/fake_server.ts";
import { cancelOne, FILM } from "../support/queue_set_up.ts";
import { BROKEN, SIZE } from "../support/set_up.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

async function setUp(server = new FakeServer(SIZE), locks: Pick<LockManager, "query" | "request"> = new FakeLocks()) {
  const store = new UploadStore({ factory: new IDBFactory() });
  await store.remember(FILM);
  await store.remember({ ...FILM, id: "later", writtenAt: 2 });
  const clock = new VirtualClock();
  const unfinished = new UnfinishedUploads({ store, transport: server.transport, locks, clock });
  return { server, store, clock, unfinished };
}

/** A handle of which only what is used is there. */
function handleOf(file: File | DOMException, permission?: PermissionState): FileSystemFileHandle {
  return {
    getFile: () => file instanceof File ? Promise.resolve(file) : Promise.reject(file),
    ...permission !== undefined && { requestPermission: () => Promise.resolve(permission) },
  } as unknown as FileSystemFileHandle;
}

Deno.test("UnfinishedUploads lists what stands in no other tab's list, the latest first", async () => {
  const locks = new FakeLocks();
  const { server, unfinished } = await setUp(undefined, locks);
  assertEquals((await unfinished.list()).map(({ id }) => id), ["later", "film"]);
  await locks.hold("pawl later");
  assertEquals((await unfinished.list()).map(({ id }) => id), ["film"]);
  holdShared(locks, listLockName(FILM), new AbortController().signal);
  await Promise.resolve();
  assertEquals(await unfinished.list(), []);
  assertEquals(server.seen, []);
});

Deno.test("cancel() leaves alone what another tab uploads, or has paused", async () => {
  const locks = new FakeLocks();
  const { server, store, unfinished } = await setUp(new FakeServer(SIZE, { held: 700 }), locks);
  const letGo = await locks.hold("pawl film");
  await assertRejects(() => cancelOne(unfinished, FILM), UploadError, "in the list of another tab");
  letGo();
  const gone = new AbortController();
  holdShared(locks, listLockName(FILM), gone.signal);
  await Promise.resolve();
  await assertRejects(() => cancelOne(unfinished, FILM), UploadError, "in the list of another tab");
  assertEquals([server.seen, server.held, (await store.unfinished()).length], [[], 700, 2]);
  gone.abort();
  await new Promise((resolve) => setTimeout(resolve));
  await cancelOne(unfinished, FILM);
  assertEquals([server.seen, server.held], [["DELETE /upload"], 0]);
});

Deno.test("what the server could not be told of is told by a later page", async () => {
  const { server, store, clock, unfinished } = await setUp(
    new FakeServer(SIZE, { held: 700, faults: Array(20).fill(BROKEN) }),
  );
  await assertRejects(() => clock.run(cancelOne(unfinished, FILM)), UploadError, "cannot be reached");
  assertEquals([(await unfinished.list()).map(({ id }) => id), server.held], [["later"], 700]);
  assertEquals((await store.cancelled()).map(({ id }) => id), ["film"]);
  await clock.run(unfinished.finishCancels());
  assertEquals([server.held, await store.cancelled()], [0, []]);
});

Deno.test("UnfinishedUploads lists all where the browser does not tell of locks", async () => {
  const refuse = () => Promise.reject(new DOMException("Not in a sandbox", "SecurityError"));
  const { unfinished, server, clock } = await setUp(undefined, { query: refuse, request: refuse });
  assertEquals((await unfinished.list()).length, 2);
  await clock.run(cancelOne(unfinished, FILM));
  assertEquals(server.seen, ["DELETE /upload"]);
});

Deno.test("refresh() tells how much is safe, as far as the server can be asked", async () => {
  const { unfinished } = await setUp(new FakeServer(SIZE, { held: 700, faults: [undefined, BROKEN] }));
  assertEquals(await unfinished.refresh(FILM), { ...FILM, confirmed: 700 });
  assertEquals(await unfinished.refresh(FILM), FILM);
});

Deno.test("refresh() forgets what is finished", async () => {
  const server = new FakeServer(SIZE, { held: SIZE });
  server.complete = true;
  const { unfinished, store } = await setUp(server);
  assertEquals(await unfinished.refresh(FILM), undefined);
  assertEquals((await store.unfinished()).map(({ id }) => id), ["later"]);
});

Deno.test("cancel() forgets it, and has the server delete what it has, as soon as it can be told", async () => {
  const { server, store, clock, unfinished } = await setUp(new FakeServer(SIZE, { held: 700, faults: [BROKEN] }));
  await clock.run(cancelOne(unfinished, FILM));
  assertEquals([server.seen, server.held], [["DELETE /upload", "DELETE /upload"], 0]);
  assertEquals((await store.unfinished()).map(({ id }) => id), ["later"]);
});

Deno.test("cancel() leaves a file that was finished meanwhile", async () => {
  const server = new FakeServer(SIZE, { held: SIZE });
  server.complete = true;
  const { clock, unfinished } = await setUp(server);
  await clock.run(cancelOne(unfinished, FILM));
  assertEquals([server.complete, server.seen], [true, ["DELETE /upload"]]);
});

Deno.test("open() gives the file of a handle when it is still the same", async () => {
  const { unfinished } = await setUp();
  const file = new File([new Uint8Array(SIZE)], "film.mkv", { lastModified: 5 });
  for (const handle of [handleOf(file), handleOf(file, "granted")]) {
    assert(await unfinished.open({ ...FILM, handle }) === file);
  }
});

Deno.test("open() says what to do when there is no handle, no permission, no file or another one", async () => {
  const { unfinished } = await setUp();
  const file = new File([new Uint8Array(SIZE)], "film.mkv", { lastModified: 5 });
  const wrong: Unfinished[] = [
    FILM,
    { ...FILM, handle: handleOf(file, "denied") },
    { ...FILM, handle: handleOf(new DOMException("Gone", "NotFoundError")) },
    { ...FILM, handle: handleOf(new File(["x"], "film.mkv", { lastModified: 5 })) },
    { ...FILM, handle: handleOf(new File([new Uint8Array(SIZE)], "film.mkv", { lastModified: 6 })) },
  ];
  for (const one of wrong) {
    const error = await assertRejects(() => unfinished.open(one), UploadError, "Choose it again");
    assertEquals(error.code, "file-changed");
  }
});

Deno.test("isSameFile() looks at name, size and time", () => {
  const file = (name: string, size: number, lastModified: number) => {
    return new File([new Uint8Array(size)], name, { lastModified });
  };
  assert(isSameFile(file("film.mkv", SIZE, 5), FILM));
  for (const other of [file("b", SIZE, 5), file("film.mkv", 1, 5), file("film.mkv", SIZE, 6)]) {
    assert(!isSameFile(other, FILM));
  }
});
