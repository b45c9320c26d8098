import { assert, assertEquals } from "@std/assert";
import { IDBFactory } from "fake-indexeddb";
import { lockName } from "../../../client/memory/locks.ts";
import { Memory, type Unfinished } from "../../../client/memory/store.ts";

function unfinished(id: string, writtenAt: number): Unfinished {
  return { id, url: "", name: `${id}.mkv`, size: 10, lastModified: 5, confirmed: 0, writtenAt };
}

Deno.test("Memory knows one secret, the same for every tab and for the next page", async () => {
  const factory = new IDBFactory();
  const tabs = [new Memory({ factory }), new Memory({ factory })];
  const [first, other] = await Promise.all(tabs.map((tab) => tab.secret()));
  assert(/^[0-9a-f]{32}$/.test(first!), first);
  assertEquals(other, first);
  assertEquals(await new Memory({ factory }).secret(), first);
  assert(await new Memory({ factory: new IDBFactory() }).secret() !== first);
});

Deno.test("Memory has an empty secret where it could not be kept: another page would have another one", async () => {
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
    assertEquals(await new Memory({ factory, patienceSeconds: 0.05 }).secret(), "");
  } finally {
    removeEventListener("error", silence);
  }
});

Deno.test("Memory can be made where the browser throws at the mere look for IndexedDB", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
  Object.defineProperty(globalThis, "indexedDB", {
    configurable: true,
    get() {
      throw new DOMException("Not in this frame", "SecurityError");
    },
  });
  try {
    assertEquals(await new Memory().secret(), "");
  } finally {
    delete (globalThis as { indexedDB?: unknown }).indexedDB;
    if (before !== undefined) Object.defineProperty(globalThis, "indexedDB", before);
  }
});

Deno.test("Memory gives the unfinished uploads, the latest first, until they are forgotten", async () => {
  const memory = new Memory({ factory: new IDBFactory() });
  for (const upload of [unfinished("old", 1), unfinished("new", 3), unfinished("middle", 2)]) {
    assertEquals(await memory.remember(upload), undefined);
  }
  assertEquals((await memory.unfinished()).map(({ id }) => id), ["new", "middle", "old"]);
  await memory.forget([{ url: "", id: "new" }, { url: "", id: "old" }]);
  assertEquals(await memory.unfinished(), [unfinished("middle", 2)]);
});

Deno.test("Memory keeps apart one file that goes to two servers", async () => {
  const memory = new Memory({ factory: new IDBFactory() });
  const [here, there] = [unfinished("film", 1), { ...unfinished("film", 2), url: "https://there.example" }];
  await memory.remember(here);
  await memory.remember(there);
  await memory.forget([here]);
  assertEquals(await memory.unfinished(), [there]);
  assert(lockName(here) !== lockName(there));
});

Deno.test("Memory notes how far an upload is, and makes nothing of one that it has forgotten", async () => {
  const memory = new Memory({ factory: new IDBFactory() });
  await memory.remember(unfinished("a", 1));
  await memory.confirm({ url: "", id: "a" }, 7);
  await memory.confirm({ url: "", id: "absent" }, 7);
  const [only, ...others] = await memory.unfinished();
  assertEquals(only!.confirmed, 7);
  assert(only!.writtenAt > 1);
  assertEquals(others, []);
});

Deno.test("Memory learns the way to each server by itself", async () => {
  const memory = new Memory({ factory: new IDBFactory() });
  await memory.learn("https://a.example", { largest: 1000, buffers: true });
  assertEquals(await memory.way("https://a.example"), { largest: 1000, buffers: true });
  assertEquals(await memory.way("https://b.example"), {});
  const { now } = Date;
  try {
    // A week later somebody may have mended it.
    Date.now = () => now() + 7 * 86_400_000;
    assertEquals(await memory.way("https://a.example"), {});
  } finally {
    Date.now = now;
  }
});

Deno.test("Memory keeps what is known of an upload that is begun again, and what is given up until it is forgotten", async () => {
  const memory = new Memory({ factory: new IDBFactory() });
  await memory.remember(unfinished("a", 1));
  await memory.confirm({ url: "", id: "a" }, 7);
  assertEquals((await memory.remember(unfinished("a", 2)))?.confirmed, 7);
  assertEquals((await memory.unfinished()).map(({ confirmed }) => confirmed), [7]);
  await memory.discard({ url: "", id: "a" });
  await memory.discard({ url: "", id: "absent" });
  assertEquals([(await memory.unfinished()).length, (await memory.discarded()).map(({ id }) => id)], [0, ["a"]]);
  // It is begun again before the server has been told.
  await memory.remember(unfinished("a", 3));
  await memory.forgetDiscarded({ url: "", id: "a" });
  assertEquals([(await memory.unfinished()).length, await memory.discarded()], [1, []]);
  await memory.discard({ url: "", id: "a" });
  await memory.forgetDiscarded({ url: "", id: "a" });
  assertEquals([await memory.unfinished(), await memory.discarded()], [[], []]);
});

Deno.test("Memory keeps a person's choices", async () => {
  const memory = new Memory({ factory: new IDBFactory() });
  assertEquals(await memory.setting("language"), undefined);
  await memory.set("language", "de");
  assertEquals(await memory.setting("language"), "de");
});

Deno.test("Memory remembers nothing and fails at nothing where there is no IndexedDB", async () => {
  const memory = new Memory();
  await memory.remember(unfinished("a", 1));
  await memory.confirm({ url: "", id: "a" }, 1);
  await memory.forget([{ url: "", id: "a" }]);
  await memory.learn("", { buffers: true });
  await memory.set("language", "de");
  assertEquals([await memory.unfinished(), await memory.way(""), await memory.setting("language")], [
    [],
    {},
    undefined,
  ]);
});
