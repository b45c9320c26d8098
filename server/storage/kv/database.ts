import { type Commit, createGroupCommit } from "./group_commit.ts";

/** A database, in the hands of one process. */
export interface Database {
  readonly kv: Deno.Kv;
  /** Commits a change, together with others that come at the time. */
  readonly commit: Commit;
}

/** Opens the Deno KV database at `path`, made if it is missing (`:memory:` for a database that is not kept). */
export async function openDatabase(path: string): Promise<Database> {
  const kv = await Deno.openKv(path);
  return { kv, commit: createGroupCommit(kv) };
}
