import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createSameName } from "../../server/model/same_name.ts";
import { foldersOf, openFiles } from "../../server/storage/disk/files.ts";
import { filesBelow } from "../../server/storage/disk/walk.ts";
import { type Database, type Entries, openDatabase } from "../../server/storage/kv/database.ts";
import { createRecordKeys, uploadKey } from "../../server/storage/kv/record_keys.ts";
import { allRecords } from "../../server/storage/kv/records.ts";
import { textOfEntry } from "../../server/storage/kv/entry_text.ts";
import { formatOn } from "../../server/storage/kv/upgrade.ts";
import type { ByteStore, UnfinishedFile } from "../../server/storage/store.ts";
import { move, type MoveDeps } from "../../server/upkeep/move.ts";
import type { MoveSource, MoveTally, MoveTarget } from "../../server/upkeep/move_places.ts";
import { Died, type Instance, startInstance } from "./dying_instance.ts";
import { MemoryObjects } from "./memory_bucket.ts";
import { MemoryRows } from "./memory_leases.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** A data folder as the source of a move. */
export interface SourceFolder extends AsyncDisposable {
  readonly source: MoveSource;
}

/** Opens a data folder that no server runs on. */
export async function sourceFolder(data: string, name = data): Promise<SourceFolder> {
  const bytes = await openFiles(data, { durable: false });
  const { kv } = await openDatabase(join(data, "pawl.db"));
  return {
    source: { name, kv, bytes, boot: undefined },
    [Symbol.asyncDispose]: () => Promise.resolve(kv.close()),
  };
}

/** A place that is moved to, by one process after the other. */
export interface TestTarget extends AsyncDisposable {
  readonly database: Database;
  /** Opens it as a process that dies at a step, as by `kill -9`. `steps` are those that it has made. */
  open(diesAt?: number): Promise<{ readonly target: MoveTarget; readonly steps: readonly string[] }>;
  /** The paths of all finished files, sorted. */
  finished(): Promise<string[]>;
  /** The names of all unfinished uploads that have bytes, sorted. */
  unfinished(): Promise<string[]>;
}

/** Runs a move to its end, or until it dies. */
export async function moved(source: MoveSource, target: MoveTarget, options: Partial<MoveDeps> = {}): Promise<{
  readonly tally: MoveTally;
  readonly notes: string[];
}> {
  const notes: string[] = [];
  const tally = await move({
    source,
    target,
    report: { begin() {}, bytes() {}, done() {}, note: (line) => void notes.push(line) },
    jobs: 4,
    signal: new AbortController().signal,
    checkAlone: () => Promise.resolve(),
    ...options,
  });
  return { tally, notes };
}

/** A bucket and rows in memory, with a database of Deno KV for the entries. */
export async function bucketTarget(): Promise<TestTarget> {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  const database = await openDatabase(":memory:");
  const sameName = createSameName({ ignoresCase: false });
  const keysBelow = (prefix: string) =>
    [...objects.objects.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)).sort();
  return {
    database,
    open(diesAt = Infinity) {
      const instance = startInstance(objects, rows, { diesAt });
      const target: MoveTarget = {
        database: { kv: database.kv, commit: committing(database, instance) },
        keys: createRecordKeys(sameName),
        bytes: instance.bytes,
        boot: "shared",
        format: formatOn(sameName),
        occupant: () => Promise.resolve(objects.objects.size > 0 ? "objects in its bucket" : undefined),
      };
      return Promise.resolve({ target, steps: instance.steps });
    },
    finished: () => Promise.resolve(keysBelow("files/")),
    unfinished: () => Promise.resolve([...new Set(keysBelow("incoming/").map((key) => key.split("/")[0]!))]),
    [Symbol.asyncDispose]: () => Promise.resolve(database.kv.close()),
  };
}

/** Commits the layout of an upload with its record, as PostgreSQL does. */
function committing({ commit }: Database, instance: Instance): Database["commit"] {
  return async (change) => {
    const ids = (change.set ?? []).filter(([key]) => key[0] === "upload").map(([key]) => String(key[1]));
    for (const id of ids.length === 0 ? [""] : ids) await instance.recorded(id);
    return await commit(change);
  };
}

/** A data folder. */
export async function folderTarget(
  path?: string,
  { ignoresCase = false } = {},
): Promise<TestTarget & { data: string }> {
  const own: TempDir | undefined = path === undefined ? await tempDir() : undefined;
  const data = path ?? own!.path;
  const folders = foldersOf(data);
  await Deno.mkdir(folders.incoming, { recursive: true });
  await Deno.mkdir(folders.finished, { recursive: true });
  const database = await openDatabase(join(data, "pawl.db"));
  return {
    data,
    database,
    async open(diesAt = Infinity) {
      const steps: string[] = [];
      const step = (name: string) => {
        if (steps.length < diesAt) steps.push(name);
        if (steps.length >= diesAt) throw new Died(`Died at step ${diesAt}, ${name}`);
      };
      const files = await openFiles(data, { durable: false });
      const sameName = createSameName({ ignoresCase });
      const target: MoveTarget = {
        database: { kv: database.kv, commit: stepping(database.commit, "commit", step) },
        keys: createRecordKeys(sameName),
        bytes: steppingBytes({ ...files, sameName }, step),
        boot: "moved",
        format: formatOn(sameName),
        occupant: () => Promise.resolve(undefined),
      };
      return { target, steps };
    },
    finished: async () => (await Array.fromAsync(filesBelow(folders.finished))).sort(),
    unfinished: async () => (await Array.fromAsync(Deno.readDir(folders.incoming), ({ name }) => name)).sort(),
    async [Symbol.asyncDispose]() {
      database.kv.close();
      await own?.[Symbol.asyncDispose]();
    },
  };
}

function stepping<Args extends unknown[], T>(
  work: (...args: Args) => Promise<T>,
  name: string,
  step: (name: string) => void,
): (...args: Args) => Promise<T> {
  return async (...args) => {
    step(`${name} before`);
    const result = await work(...args);
    step(`${name} after`);
    return result;
  };
}

const CHANGES = ["choose", "place", "flushNameSoon", "removeEntry", "discard", "removeFinished"] as const;

function steppingBytes(bytes: ByteStore, step: (name: string) => void): ByteStore {
  const all: ByteStore = { ...bytes };
  // deno-lint-ignore no-explicit-any -- each has arguments of its own
  for (const name of CHANGES) (all as any)[name] = stepping(bytes[name] as any, name, step);
  const lent = <T extends UnfinishedFile | "locked" | "receiving" | undefined>(file: T): T => {
    if (typeof file !== "object") return file;
    return {
      get length() {
        return file.length;
      },
      write: stepping((piece: Uint8Array) => file.write(piece), "write", step),
      cut: stepping((length: number) => file.cut(length), "cut", step),
      flush: stepping(() => file.flush(), "flush", step),
      seal: stepping((modifiedAt?: number) => file.seal(modifiedAt), "seal", step),
      checkpoint: () => file.checkpoint(),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    } as T;
  };
  /** A process that dies lets go of the lock on its file. */
  const opening = (name: "create" | "open") => async (id: string) => {
    step(`${name} before`);
    const file = await bytes[name](id);
    try {
      step(`${name} after`);
    } catch (error) {
      if (typeof file === "object") await file[Symbol.asyncDispose]();
      throw error;
    }
    return typeof file === "string" ? file : lent(file);
  };
  return { ...all, create: opening("create") as ByteStore["create"], open: opening("open") };
}

/** All entries of a database as text, but for what is each place's own: identities, boots, and how its format is told. */
export async function dumpOf(kv: Entries): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, value } of kv.list<unknown>({ start: [""], end: [0] })) {
    if (key[0] === "format") continue;
    const text = textOfEntry(
      typeof value === "object" && value !== null && key[0] === "upload"
        ? { ...value, identity: undefined, boot: undefined, relaxed: undefined, cutBack: undefined }
        : value,
    );
    lines.push(`${JSON.stringify(key)} ${text}`);
  }
  return lines.sort();
}

/** Compares all entries, the bytes of all uploads and the times of finished files, and looks that nothing else is there. */
export async function assertSame(source: MoveSource, to: TestTarget): Promise<void> {
  const { target: { bytes } } = await to.open();
  assertEquals(await dumpOf(to.database.kv), await dumpOf(source.kv));
  const [finished, unfinished]: [string[], string[]] = [[], []];
  for await (const upload of allRecords(source.kv)) {
    const there = (await to.database.kv.get<typeof upload>(uploadKey(upload.id))).value;
    if (upload.state === "receiving" && upload.offset > 0) {
      unfinished.push(upload.id);
      const read = (from: MoveSource["bytes"]) => new Response(from.readUnfinished(upload.id, upload.offset)).bytes();
      assertEquals(await bytes.length(upload.id), upload.offset);
      assertEquals(await read(bytes), await read(source.bytes));
    }
    if (upload.state !== "complete" || there?.state !== "complete") continue;
    const [one, other] = [await source.bytes.openFinished(upload), await bytes.openFinished(there)];
    assertEquals(other?.modifiedAt, one?.modifiedAt, upload.path);
    if (one === undefined || other === undefined) continue;
    finished.push(there.path);
    assertEquals(await new Response(other.read()).bytes(), await new Response(one.read()).bytes());
  }
  assertEquals(await to.finished(), finished.sort());
  assertEquals(await to.unfinished(), unfinished.sort());
}
