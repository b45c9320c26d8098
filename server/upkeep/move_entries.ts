import { textOfEntry } from "../storage/kv/entry_text.ts";
import type { Database, Entries } from "../storage/kv/database.ts";

/** The kinds of entries that are made of the records, or that tell of the database itself. */
const WITH_RECORDS: ReadonlySet<string> = new Set(["upload", "path", "due", "of", "in", "format", "moving"]);

/** How many entries are read at a time, which is the most that Deno KV takes. */
const GROUP = 10;

/**
 * All entries besides those of the records: tokens, sessions, links, events, clients' ids, the service time, and whatever a
 * later version adds. Memory stays flat.
 */
export async function* otherEntries(kv: Pick<Entries, "list">): AsyncGenerator<Deno.KvEntry<unknown>> {
  for (let start: Deno.KvKey = [""];;) {
    let kind: string | undefined;
    // Numbers follow all texts.
    for await (const { key } of kv.list({ start, end: [0] }, { limit: 1 })) kind = String(key[0]);
    if (kind === undefined) return;
    start = [`${kind}\0`];
    if (!WITH_RECORDS.has(kind)) yield* kv.list({ start: [kind], end: start }, { batchSize: 500 });
  }
}

export interface MoveEntriesDeps {
  readonly source: Entries;
  readonly target: Database;
  readonly signal: AbortSignal;
}

/** Makes the target's entries besides those of the records the same as the source's. */
export async function moveEntries({ source, target, signal }: MoveEntriesDeps): Promise<void> {
  await inGroups(otherEntries(source), async (group) => {
    signal.throwIfAborted();
    const found = await target.kv.getMany(group.map(({ key }) => key));
    const set = group.filter(({ value }, index) => textOfEntry(value) !== textOfEntry(found[index]!.value))
      .map(({ key, value }) => [key, value] as const);
    if (set.length > 0) await target.commit({ set });
  });
  // An earlier run may have moved what is gone since.
  await inGroups(otherEntries(target.kv), async (group) => {
    signal.throwIfAborted();
    const found = await source.getMany(group.map(({ key }) => key));
    const remove = group.filter((_, index) => found[index]!.versionstamp === null).map(({ key }) => key);
    if (remove.length > 0) await target.commit({ remove });
  });
}

/** Does `work` with ten items after the other, or fewer at the end. */
export async function inGroups<T>(items: AsyncIterable<T>, work: (group: T[]) => Promise<void>): Promise<void> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < GROUP) continue;
    await work(group);
    group = [];
  }
  if (group.length > 0) await work(group);
}
