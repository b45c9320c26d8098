import { assert, assertEquals } from "@std/assert";
import { IDBFactory } from "fake-indexeddb";
import { lockName } from "../../../client/memory/locks.ts";
import { type Unfinished, UploadStore } from "../../../client/memory/upload_store.ts";

function unfinished(id: string, writtenAt: number): Unfinished {
  return { id, url: "", name: `${id}.mkv`, size: 10, lastModified: 5, confirmed: 0, writtenAt };
}

Deno.test("UploadStore knows one secret, the same for every tab and for the next page", async () => {
  const factory = new IDBFactory();
  const tabs = [new UploadStore({ factory }), new UploadStore({ factory })];
  const [first, other] = await Promise.all(tabs.map((tab) => tab.secret()));
  assert(/^[0-9a-f]{32}$/.test(first!), first);
  assertEquals(other, first);
  assertEquals(await new UploadStore({ factory }).secret(), first);
  assert(await new UploadStore({ factory: new IDBFactory() }).secret() !== first);
});

Deno.test("UploadStore has an empty secret where it could not be kept: another page would have another one", async () => {
  const factory = new IDBFactory();
  const open = factory.open.bind(factory);
  factory.open = (name, version) => {
    const request = open(name, version);
    request.addEventListener("success", () => {
      const begin = request.result.transaction.bind(request.result);
      request.result.transaction = (stores, mode) => {
        const transaction = begin(stores, mode);
        const store = transaction.objectStore(stores as string);
        store.put = () => {
          transaction.abort();
          throw new DOMException("The disk is full", "QuotaExceededError");
        };
        transaction.objectStore = () => store;
        return transaction;
      };
    });
    return request;
  };
  const silence = (event: ErrorEvent) => event.preventDefault();
  addEventListener("error", silence);
  try {
    assertEquals(await new UploadStore({ factory, patienceMs: 50 }).secret(), "");
  } finally {
    removeEventListener("error", silence);
  }
});

Deno.test("UploadStore can be made where the browser throws at the mere look for IndexedDB", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
  Object.defineProperty(globalThis, "indexedDB", {
    configurable: true,
    get() {
      throw new DOMException("Not in this frame", "SecurityError");
    },
  });
  try {
    assertEquals(await new UploadStore().secret(), "");
  } finally {
    delete (globalThis as { indexedDB?: unknown }).indexedDB;
    if (before !== undefined) Object.defineProperty(globalThis, "indexedDB", before);
  }
});

Deno.test("UploadStore gives the unfinished uploads, the latest first, until they are forgotten", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  for (const upload of [unfinished("old", 1), unfinished("new", 3), unfinished("middle", 2)]) {
    assertEquals(await store.remember(upload), undefined);
  }
  assertEquals((await store.unfinished()).map(({ id }) => id), ["new", "middle", "old"]);
  await store.forget([{ url: "", id: "new" }, { url: "", id: "old" }]);
  assertEquals(await store.unfinished(), [unfinished("middle", 2)]);
});

Deno.test("UploadStore keeps apart one file that goes to two servers", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  const [here, there] = [unfinished("film", 1), { ...unfinished("film", 2), url: "https://there.example" }];
  await store.remember(here);
  await store.remember(there);
  await store.forget([here]);
  assertEquals(await store.unfinished(), [there]);
  assert(lockName(here) !== lockName(there));
});

Deno.test("UploadStore notes how far an upload is, and makes nothing of one that it has forgotten", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  await store.remember(unfinished("a", 1));
  await store.confirm({ url: "", id: "a" }, 7);
  await store.confirm({ url: "", id: "absent" }, 7);
  const [only, ...others] = await store.unfinished();
  assertEquals(only!.confirmed, 7);
  assert(only!.writtenAt > 1);
  assertEquals(others, []);
});

Deno.test("UploadStore learns the network path to each server by itself", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  await store.learn("https://a.example", { largest: 1000, buffers: true });
  assertEquals(await store.networkPath("https://a.example"), { largest: 1000, buffers: true });
  assertEquals(await store.networkPath("https://b.example"), {});
  const { now } = Date;
  try {
    // A week later somebody may have mended it.
    Date.now = () => now() + 7 * 86_400_000;
    assertEquals(await store.networkPath("https://a.example"), {});
  } finally {
    Date.now = now;
  }
});

Deno.test("UploadStore keeps what is known of an upload that is begun again, and what is cancelled until it is forgotten", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  await store.remember(unfinished("a", 1));
  await store.confirm({ url: "", id: "a" }, 7);
  assertEquals((await store.remember(unfinished("a", 2)))?.confirmed, 7);
  assertEquals((await store.unfinished()).map(({ confirmed }) => confirmed), [7]);
  await store.cancel({ url: "", id: "a" });
  await store.cancel({ url: "", id: "absent" });
  assertEquals([(await store.unfinished()).length, (await store.cancelled()).map(({ id }) => id)], [0, ["a"]]);
  // It is begun again before the server has been told.
  await store.remember(unfinished("a", 3));
  await store.forgetCancelled({ url: "", id: "a" });
  assertEquals([(await store.unfinished()).length, await store.cancelled()], [1, []]);
  await store.cancel({ url: "", id: "a" });
  await store.forgetCancelled({ url: "", id: "a" });
  assertEquals([await store.unfinished(), await store.cancelled()], [[], []]);
});

Deno.test("UploadStore keeps a person's choices", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  assertEquals(await store.setting("language"), undefined);
  await store.set("language", "de");
  assertEquals(await store.setting("language"), "de");
});

Deno.test("UploadStore remembers nothing and fails at nothing where there is no IndexedDB", async () => {
  const store = new UploadStore();
  await store.remember(unfinished("a", 1));
  await store.confirm({ url: "", id: "a" }, 1);
  await store.forget([{ url: "", id: "a" }]);
  await store.learn("", { buffers: true });
  await store.set("language", "de");
  assertEquals([await store.unfinished(), await store.networkPath(""), await store.setting("language")], [
    [],
    {},
    undefined,
  ]);
});
