import { type Commit, createGroupCommit } from "./group_commit.ts";

/** The entries of a database: keys in order, each with a value. Deno KV is one such database. */
export interface Entries {
  get<T>(key: Deno.KvKey): Promise<Deno.KvEntryMaybe<T>>;
  /** Reads some entries, ten at most, as they are at one moment. */
  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }>;
  /** Lists entries in the order of their keys. The cost follows how many are read. */
  list<T>(
    selector: Deno.KvListSelector,
    options?: Pick<Deno.KvListOptions, "limit" | "reverse" | "batchSize">,
  ): AsyncIterable<Deno.KvEntry<T>>;
  close(): void;
}

/** A database, in the hands of one process. */
export interface Database<Kv extends Entries = Entries> {
  readonly kv: Kv;
  /** Commits a change, together with others that come at the time. */
  readonly commit: Commit;
}

/** Opens the Deno KV database at `path`, made if it is missing (`:memory:` for a database that is not kept). */
export async function openDatabase(path: string): Promise<Database<Deno.Kv>> {
  const kv = await Deno.openKv(path);
  return { kv, commit: createGroupCommit(kv) };
}
