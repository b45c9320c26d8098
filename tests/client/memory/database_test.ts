import { assertEquals } from "@std/assert";
import { forceCloseDatabase, IDBFactory } from "fake-indexeddb";
import { allIn, Database, deleteIn } from "../../../client/memory/database.ts";

const SHORT_MS = 0.02 * 1000;

/** A factory whose databases are real but for what `spoil` does to each as it is opened. */
function spoiled(spoil: (database: IDBDatabase) => void): IDBFactory {
  const factory = new IDBFactory();
  const open = factory.open.bind(factory);
  factory.open = (name, version) => {
    const request = open(name, version);
    request.addEventListener("success", () => spoil(request.result));
    return request;
  };
  return factory;
}

function factoryWith(open: () => IDBOpenDBRequest): IDBFactory {
  return Object.assign(new IDBFactory(), { open });
}

const BROKEN: { name: string; factory: IDBFactory | undefined }[] = [
  { name: "is missing", factory: undefined },
  {
    name: "throws",
    factory: factoryWith(() => {
      throw new DOMException("Not here", "SecurityError");
    }),
  },
  {
    name: "fails to open",
    factory: factoryWith(() => {
      const request = {} as { onerror?: () => void; error: DOMException };
      request.error = new DOMException("No", "UnknownError");
      queueMicrotask(() => request.onerror?.());
      return request as unknown as IDBOpenDBRequest;
    }),
  },
  { name: "never opens", factory: factoryWith(() => ({}) as IDBOpenDBRequest) },
  {
    name: "aborts every transaction",
    factory: spoiled((database) => {
      const begin = database.transaction.bind(database);
      database.transaction = (...args) => {
        const transaction = begin(...args);
        queueMicrotask(() => transaction.abort());
        return transaction;
      };
    }),
  },
  {
    name: "never ends a transaction",
    factory: spoiled((database) => {
      const begin = database.transaction.bind(database);
      database.transaction = (...args) => {
        const transaction = begin(...args);
        Object.defineProperty(transaction, "oncomplete", { set: () => {} });
        return transaction;
      };
    }),
  },
  { name: "was closed by the browser for good", factory: spoiled((database) => database.close()) },
];

for (const { name, factory } of BROKEN) {
  Deno.test(`Database gives nothing, and in time, where IndexedDB ${name}`, async () => {
    const database = new Database(factory, "pawl", SHORT_MS);
    assertEquals(await database.put("uploads", "a", 1), undefined);
    assertEquals(await database.get("uploads", "a"), undefined);
    assertEquals(await allIn(database, "uploads"), undefined);
    assertEquals(await deleteIn(database, "uploads", ["a"]), undefined);
    assertEquals(await database.change("uploads", "a", () => 2), undefined);
  });
}

Deno.test("Database keeps what was put from one page to the next, and gives it back", async () => {
  const factory = new IDBFactory();
  const first = new Database(factory, "pawl");
  await first.put("uploads", "a", { size: 1 });
  await first.put("uploads", "b", { size: 2 });
  const second = new Database(factory, "pawl");
  assertEquals(await second.get("uploads", "a"), { size: 1 });
  assertEquals(await allIn(second, "uploads"), [{ size: 1 }, { size: 2 }]);
  await deleteIn(second, "uploads", ["a", "absent"]);
  assertEquals(await allIn(first, "uploads"), [{ size: 2 }]);
  assertEquals(await first.get("ways", "b"), undefined, "Each store is apart");
});

Deno.test("Database changes what is there in one step with looking, so that the first of two tabs decides", async () => {
  const factory = new IDBFactory();
  const tabs = ["one", "other"].map((tab) => ({ tab, database: new Database(factory, "pawl") }));
  const changed = await Promise.all(tabs.map(({ tab, database }) => {
    return database.change("settings", "secret", (before) => before ?? tab);
  }));
  assertEquals(new Set(changed).size, 1);
  assertEquals(await tabs[0]!.database.get("settings", "secret"), changed[0]);
});

Deno.test("Database leaves alone what a change says nothing about", async () => {
  const database = new Database(new IDBFactory(), "pawl");
  assertEquals(await database.change("settings", "absent", () => undefined), undefined);
  assertEquals(await database.get("settings", "absent"), undefined);
});

Deno.test("Database opens again after the browser has closed it", async () => {
  let opened: IDBDatabase | undefined;
  const database = new Database(spoiled((now) => opened = now), "pawl");
  await database.put("settings", "language", "ru");
  forceCloseDatabase(opened as unknown as Parameters<typeof forceCloseDatabase>[0]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(await database.get("settings", "language"), "ru");
});

Deno.test("Database steps aside when another tab brings a newer one", async () => {
  const factory = new IDBFactory();
  const database = new Database(factory, "pawl");
  await database.put("settings", "language", "ru");
  const newer = factory.open("pawl", 2);
  const isOpen = await new Promise((resolve) => {
    newer.onsuccess = () => resolve(true);
    newer.onblocked = () => resolve(false);
  });
  assertEquals(isOpen, true);
  newer.result.close();
  assertEquals(await database.get("settings", "language"), undefined);
});

Deno.test("Database goes on after another tab has deleted it", async () => {
  const factory = new IDBFactory();
  const database = new Database(factory, "pawl");
  await database.put("settings", "language", "ru");
  await new Promise((resolve) => factory.deleteDatabase("pawl").onsuccess = resolve);
  await database.put("settings", "language", "fr");
  assertEquals(await database.get("settings", "language"), "fr");
  assertEquals(await new Database(factory, "pawl").get("settings", "language"), "fr");
});

Deno.test("Database is tried anew where it could not be opened at first", async () => {
  const factory = new IDBFactory();
  const open = factory.open.bind(factory);
  let isLost = true;
  factory.open = (name, version) => {
    if (isLost) throw new DOMException("The connection to the server of databases is lost", "UnknownError");
    return open(name, version);
  };
  const database = new Database(factory, "pawl");
  await database.put("settings", "language", "ru");
  isLost = false;
  await database.put("settings", "language", "fr");
  assertEquals(await database.get("settings", "language"), "fr");
});
