import { isTakenOver, takenOver } from "../../model/agree.ts";
import type { Database, Entries } from "../kv/database.ts";
import { entryOfText, textOfEntry } from "../kv/entry_text.ts";
import type { Change, Commit } from "../kv/group_commit.ts";
import type { Tallied } from "../tally.ts";
import { appendCommit, type Statement } from "./append_commit.ts";
import type { Connection } from "./connection.ts";
import { keepLateOut, untilSettled } from "./fence.ts";
import { committed, type Held, inDoubt, named, type NamedLease, type StoredEntry, valuesOf } from "./held.ts";
import { afterPrefix, decodeKey, encodeKey } from "./keys.ts";
import { codeOf, retryUndone } from "./no_database.ts";
import { argumentsOf, asRefusal } from "./tallied.ts";

/**
 * Makes the entries of `storage/kv/` in PostgreSQL: records, links, tokens and events are the same there, by the same
 * commits with the same checks. A commit that changes the record of an upload of which `held` has the lease names the
 * lease, unless the commit is of somebody who does not hold it, and throws `taken-over` when it is lost. After a commit that
 * failed, a record that is read by itself says whether it was done, for ever. Everything throws `no-database` when the
 * database gives no answer.
 */
export function createEntries(connection: Connection, held: Held): Database {
  return { kv: createReads(connection, held), commit: createCommit(connection, held) };
}

interface Row extends StoredEntry {
  readonly key: string;
}

const COLUMNS = "encode(key, 'hex') AS key, value, version::text AS version";

/** How many entries are read at a time, unless the caller says otherwise. */
const BATCH = 100;

function createReads(connection: Connection, held: Held): Entries {
  async function read(keys: readonly string[]): Promise<Map<string, StoredEntry>> {
    const rows = keys.length === 1
      ? await connection.query<Row>(`SELECT ${COLUMNS} FROM entries WHERE key = decode($1, 'hex')`, [keys[0]!])
      : await connection.query<Row>(
        `SELECT ${COLUMNS} FROM entries WHERE key = ANY(ARRAY(SELECT decode(k, 'hex') FROM json_array_elements_text($1::text::json) k))`,
        [JSON.stringify(keys)],
      );
    return new Map(rows.map((row) => [row.key, row]));
  }

  return {
    async get<T>(key: Deno.KvKey) {
      const hex = encodeKey(key);
      // A record whose commit has failed is read to learn whether that was done. It must not be done after the answer.
      for (const lease of held.of([hex])) await untilSettled(connection, lease);
      return entryOf<T>(key, held.takeRecord(hex) ?? (await read([hex])).get(hex));
    },

    async getMany<T extends readonly unknown[]>(keys: readonly Deno.KvKey[]) {
      const texts = keys.map(encodeKey);
      const found = await read(texts);
      return keys.map((key, index) => entryOf(key, found.get(texts[index]!))) as {
        [K in keyof T]: Deno.KvEntryMaybe<T[K]>;
      };
    },

    async *list<T>(
      selector: Deno.KvListSelector,
      { limit = Infinity, reverse = false, batchSize = BATCH }: {
        limit?: number;
        reverse?: boolean;
        batchSize?: number;
      } = {},
    ) {
      let [start, end] = rangeOf(selector);
      // A key that is read is left out of what is read next: the smallest key after it has one byte more.
      for (let left = limit; left > 0;) {
        const count = Math.min(batchSize, left);
        const rows = await connection.query<Row>(
          `SELECT ${COLUMNS} FROM entries WHERE key >= decode($1, 'hex') AND key < decode($2, 'hex') ` +
            `ORDER BY entries.key ${reverse ? "DESC" : "ASC"} LIMIT $3::text::bigint`,
          [start, end, String(count)],
        );
        for (const row of rows) yield entryOf<T>(decodeKey(row.key), row) as Deno.KvEntry<T>;
        if (rows.length < count) return;
        left -= rows.length;
        if (reverse) end = rows.at(-1)!.key;
        else start = `${rows.at(-1)!.key}00`;
      }
    },

    close() {
      connection.close();
    },
  };
}

/** The keys between which a selector selects, in hexadecimal: from the first one up to, but not including, the second. */
function rangeOf(selector: Deno.KvListSelector): [start: string, end: string] {
  const prefix = "prefix" in selector ? selector.prefix : undefined;
  const start = "start" in selector ? encodeKey(selector.start) : `${encodeKey(prefix!)}00`;
  return [start, "end" in selector ? encodeKey(selector.end) : afterPrefix(prefix!)];
}

function entryOf<T>(key: Deno.KvKey, row: StoredEntry | undefined): Deno.KvEntryMaybe<T> {
  if (row === undefined) return { key, value: null, versionstamp: null };
  return { key, value: entryOfText<T>(row.value), versionstamp: row.version };
}

const CHANGE = "SELECT change_entries($1::text::json, $2::text::json, $3::text::json, $4::text::json)";

/** Counts in the same commit. */
const CHANGE_COUNTED = "SELECT change_counted($1::text::json, $2::text::json, $3::text::json, $4::text::json, " +
  "$5::text::json, $6::text::json, $7::text::json)";

interface Changed {
  readonly checked: readonly (readonly [key: string, version: string | null])[];
  readonly put: readonly (readonly [key: string, value: string])[];
  readonly removed: readonly string[];
  readonly leases: readonly NamedLease[];
  readonly tallied: Tallied | undefined;
}

/** The statement of a change of any kind. */
function changeOf({ checked, put, removed, leases, tallied }: Changed): Statement {
  const leased = leases.map(({ lease, token, left, letsGo }) => [
    lease.id,
    token,
    left === undefined ? [] : valuesOf(left.state),
    letsGo ?? null,
  ]);
  const values = [checked, put, removed, leased].map((list) => JSON.stringify(list));
  if (tallied === undefined) return { text: CHANGE, values };
  return { text: CHANGE_COUNTED, values: [...values, ...argumentsOf(tallied)] };
}

function createCommit(connection: Connection, held: Held): Commit {
  return async ({ checks = [], set = [], remove = [], tallied, isUnheld = false }: Change) => {
    // The database takes each key once. The last value is the one that stays.
    const checked = [...new Map(checks.map(({ key, versionstamp }) => [encodeKey(key), versionstamp]))];
    const put = [...new Map(set.map(([key, value]) => [encodeKey(key), textOfEntry(value)]))];
    const removed = remove.map(encodeKey);
    const records = new Map(put);
    const changed = [...put.map(([key]) => key), ...removed];
    for (const key of changed) held.forgetRecord(key);
    const ofLeases = isUnheld ? [] : held.of(changed);
    for (const lease of ofLeases) await keepLateOut(connection, lease);
    const leases = ofLeases.map(named);
    const isPlain = checked.length + removed.length === 0 && tallied === undefined;
    const append = isPlain ? appendCommit(put, leases) : undefined;
    const { text, values } = append ?? changeOf({ checked, put, removed, leases, tallied });
    try {
      const [row] = await retryUndone(() => connection.query<{ done?: boolean }>(text, values));
      if (append !== undefined && !row?.done) throw takenOver();
      for (const lease of leases) committed(lease, records);
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (code === "PW002") return false;
      if (code === "PW001" || isTakenOver(error)) throw takenOver();
      const refusal = asRefusal(error, tallied?.bounds ?? []);
      if (refusal === error) leases.forEach(inDoubt);
      throw refusal;
    }
  };
}
