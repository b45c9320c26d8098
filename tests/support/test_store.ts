import { join } from "@std/path";
import type { Surroundings } from "../../server/open.ts";
import type { Database } from "../../server/storage/kv/database.ts";
import { openDatabase } from "../../server/storage/kv/database.ts";
import { createSameName } from "../../server/model/same_name.ts";
import { openFiles } from "../../server/storage/disk/files.ts";
import { openRecords } from "../../server/storage/kv/records.ts";
import type { ByteStore, RecordStore } from "../../server/storage/store.ts";

/** The stores of an engine without a server around it. */
export interface EngineStores {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
  /** Ends what is open besides the records. */
  readonly end: () => Promise<void>;
}

/**
 * Where the servers of the tests keep everything. `data` is the folder that a server was given, also where it keeps
 * nothing in it: servers on one folder have one store.
 */
export interface TestStore {
  /** Opens the place for a server; what its configuration says by default. */
  readonly openStorage?: NonNullable<Surroundings["openStorage"]>;
  /** A test has ended: nobody asks any more for what was kept for the folder. */
  ended?(data: string): void;
  /** Opens the database of a server, as its commands do. */
  openDatabase(data: string): Promise<Database>;
  openEngine(data: string): Promise<EngineStores>;
  /** The finished file of that name. */
  finished(data: string, name: string): Promise<Uint8Array>;
  /** The names at the top of the finished files, sorted. */
  finishedNames(data: string): Promise<string[]>;
  /** The names of the unfinished files, sorted. */
  incomingNames(data: string): Promise<string[]>;
  /** When a finished file was last modified, in milliseconds since 1970. */
  modifiedAt(data: string, name: string): Promise<number | undefined>;
  /** Takes a finished file away, as a person does. Gives what puts it back. */
  takeAway(data: string, name: string): Promise<() => Promise<void>>;
  /** Puts a file among the finished ones, as a person does. */
  putByHand(data: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Writes bytes to an unfinished file that no record counts, as a crash leaves them. */
  addBytes(data: string, id: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** How many bytes each unfinished file has, those included that a running request has written, by its name. */
  incomingBytes(data: string): Promise<ReadonlyMap<string, number>>;
}

const onDisk: TestStore = {
  openDatabase: (data) => openDatabase(join(data, "pawl.db")),
  async openEngine(data) {
    const bytes = await openFiles(data, { durable: false });
    const records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
    return { bytes, records, end: () => Promise.resolve() };
  },
  finished: (data, name) => Deno.readFile(join(data, "files", name)),
  finishedNames: async (data) => [...(await infosIn(join(data, "files"))).keys()].sort(),
  async incomingNames(data) {
    const infos = await infosIn(join(data, "incoming"));
    // A file that has its finished name already will lose this one soon.
    return [...infos].filter(([, { nlink }]) => nlink === 1).map(([name]) => name).sort();
  },
  modifiedAt: async (data, name) => (await Deno.stat(join(data, "files", name))).mtime?.getTime(),
  async takeAway(data, name) {
    const [own, elsewhere] = [join(data, "files", name), join(data, `taken-${crypto.randomUUID()}`)];
    await Deno.rename(own, elsewhere);
    return () => Deno.rename(elsewhere, own);
  },
  async putByHand(data, name, bytes) {
    await Deno.writeFile(join(data, "files", name), bytes);
    // No upload has put a file there at that time.
    await Deno.utime(join(data, "files", name), 1, 1);
  },
  addBytes: (data, id, bytes) => Deno.writeFile(join(data, "incoming", id), bytes, { append: true }),
  async incomingBytes(data) {
    return new Map([...await infosIn(join(data, "incoming"))].map(([name, { size }]) => [name, size]));
  },
};

async function infosIn(folder: string): Promise<Map<string, Deno.FileInfo>> {
  const infos = new Map<string, Deno.FileInfo>();
  for await (const { name } of Deno.readDir(folder)) {
    const info = await Deno.lstat(join(folder, name)).catch(() => undefined);
    if (info !== undefined) infos.set(name, info);
  }
  return infos;
}

let current = onDisk;

/** The store of the tests in this file. */
export function testStore(): TestStore {
  return current;
}

/** Lets the tests of this file have another store. Called before they are registered. */
export function useTestStore(store: TestStore): void {
  current = store;
}

type Run = () => Promise<void>;

/**
 * A test that is about one machine: its disk, its folders, or what a process counts for itself. Other stores have nothing
 * of the kind, and it is left out over them.
 */
export function oneMachineTest(
  name: string,
  ...rest: [run: Run] | [options: { readonly ignore: boolean }, run: Run]
): void {
  if (current !== onDisk) return Deno.test.ignore(`${name} (about one machine)`, () => {});
  const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest;
  Deno.test(name, options, run);
}
