import type { LatePlace, Lease, Leases } from "../shared/leases.ts";
import { asRow, createBytesRows, type StoredRow } from "./bytes_rows.ts";
import type { Connection } from "./connection.ts";
import { type Held, newToken, recordKey, tokensOf } from "./held.ts";
import { createLend } from "./lent_lease.ts";
import { type Outcome, Peers } from "./peers.ts";
import { Resting } from "./resting.ts";
import { type SilentWriter, SilentWriters } from "./silent_writers.ts";
import { UNSYNCED } from "./unsynced.ts";

export interface LeasesOptions {
  /** After so long without a word, the instance that holds an upload counts as dead or stopped. Milliseconds. */
  readonly silenceMs?: number;
  /** How long an instance that is heard may take to let go. Milliseconds. */
  readonly patienceMs?: number;
  /** How long the lease of an upload rests to which this instance alone appends (`resting.ts`). Milliseconds. */
  readonly restMs?: number;
}

/** The leases of one instance, in PostgreSQL. Disposing of them lets go of those that rest. */
export interface PostgresLeases extends Leases, AsyncDisposable {
  /** Resolves when other instances can ask this one. */
  readonly listening: Promise<void>;
}

interface TakenRow extends StoredRow {
  readonly taken: boolean;
  readonly token: string | null;
  readonly holder: string | null;
  readonly value: string | null;
  readonly version: string | null;
}

/** How often an upload is tried to be taken: each time another instance was faster. */
const ATTEMPTS = 10;

/** When a row of `bytes` was changed last, as a text. */
const TOUCHED = "extract(epoch FROM touched_at)::text";

/** How often a late place is looked at: the last time 45 days after the one before. */
const LATE_LOOKS = 16;

/**
 * Makes the leases of one instance on the table `bytes`. Nobody waits for the database's disk when an upload is taken: that
 * acknowledges nothing, and the database writes all commits in one order, so whoever commits by a token has it surely. A
 * crash may forget a token that nothing was committed by, and every later commit by it is refused then.
 * `held` gets each lease, so that commits of the records name it.
 * Everything throws `no-database` when the database gives no answer.
 */
export function createLeases(
  connection: Connection,
  held: Held,
  { silenceMs = 250, patienceMs = 5000, restMs }: LeasesOptions = {},
): PostgresLeases {
  const own = newToken();
  const peers = new Peers(connection, { own, silenceMs, patienceMs });
  const silent = new SilentWriters();
  const resting = new Resting(connection, held, restMs);
  const lend = createLend(connection, held, resting);
  const rows = createBytesRows(connection, held);

  async function take(id: string, offset?: number): Promise<Lease | "locked" | "receiving" | undefined> {
    const rested = resting.take(id);
    if (rested?.rested?.length === offset && rested?.rested !== undefined && rested.record !== undefined) {
      const { token, record, numbers, run } = rested;
      return lend(held.add(id, token, { record, numbers, run: run + 1, isUnverified: true }), rested.rested);
    }
    let seen = await foundSilent(id) ?? rested?.token ?? null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const token = newToken();
      const [row]: TakenRow[] = await connection.query<TakenRow>(
        // A multipart upload goes on in the next writer's hands. That one must know of this one even after a crash.
        "SELECT taken, token, holder, layout, length::text, multipart, clean, written_by AS writer, value, version::text, " +
          `CASE WHEN taken AND multipart THEN NULL ELSE ${UNSYNCED} END FROM take_bytes($1, $2, $3, $4, $5)`,
        [id, token, own, seen, recordKey(id)],
      );
      if (row === undefined) return undefined;
      if (row.taken) {
        const { value, version } = row;
        const record = value === null || version === null ? undefined : { value, version };
        const lease = held.add(id, token, { record, run: resting.runUntil(id, row.writer) });
        // The writer of a lease that rested had let go by itself.
        const hasRested = row.token !== null && row.token === rested?.token;
        return lend(lease, { ...asRow(row), ...hasRested && { clean: true } });
      }
      const lease = held.get(id);
      if (row.holder === own && lease !== undefined && tokensOf(lease).includes(row.token ?? "")) return "locked";
      if (row.holder !== null && row.holder !== own) {
        const outcome = await peers.ask(row.holder, offset === undefined ? "stop" : "follow", id, offset);
        if (outcome === "refused") return "receiving";
      }
      // Now this token may be replaced, however it was answered, and this one alone: another writer may have come.
      seen = row.token;
    }
    return "locked";
  }

  /** The token of the upload's writer, if it was found silent a moment ago, and has committed nothing since. */
  async function foundSilent(id: string): Promise<string | undefined> {
    const writer = silent.take(id);
    if (writer === undefined) return undefined;
    const [row] = await connection.query(`SELECT 1 FROM bytes WHERE id = $1 AND token = $2 AND ${TOUCHED} = $3`, [
      id,
      writer.token,
      writer.touched,
    ]);
    return row && writer.token;
  }

  async function recall(name: string): Promise<string | undefined> {
    const [row] = await connection.query<{ value: string }>("SELECT value FROM facts WHERE name = $1", [name]);
    return row?.value;
  }

  /** Asks the other instance that holds an upload, if one does. */
  async function askHolder(wish: "settle" | "hold", id: string): Promise<Outcome | undefined> {
    const [row] = await connection.query<SilentWriter & { holder: string }>(
      `SELECT holder, token, ${TOUCHED} AS touched FROM bytes WHERE id = $1 AND token IS NOT NULL AND holder <> $2`,
      [id, own],
    );
    if (row === undefined) return undefined;
    const outcome = await peers.ask(row.holder, wish, id);
    // A question whether a request holds the upload comes before its removal: the writer has a second chance to answer then.
    if (outcome === "silent" && wish === "settle") silent.add(id, row);
    return outcome;
  }

  return {
    ...rows,
    listening: peers.listening,

    async create(id, layout) {
      const token = newToken();
      const made = await connection.query(
        "INSERT INTO bytes (id, token, holder, layout, length, clean, origins) " +
          `VALUES ($1, $2, $3, $4, 0, false, ARRAY[$1::text]) ON CONFLICT DO NOTHING RETURNING ${UNSYNCED}`,
        [id, token, own, JSON.stringify(layout)],
      );
      if (made.length === 0) return "locked";
      return lend(held.add(id, token), { layout, length: 0, isMultipart: false, clean: true, writtenBy: undefined });
    },

    take,

    async adopt(from, id) {
      await resting.end(from);
      await rows.adopt(from, id);
    },

    async remove(id, token) {
      resting.take(id);
      return await rows.remove(id, token);
    },

    async expectLate({ key, id }) {
      await connection.query(
        "INSERT INTO late (key, id, due_at) VALUES ($1, $2, clock_timestamp() + interval '1 minute') " +
          "ON CONFLICT (key, id) DO UPDATE SET looks = 0, due_at = excluded.due_at",
        [key, id],
      );
    },

    async latePlaces(limit) {
      await connection.query("DELETE FROM late WHERE looks >= $1::text::int", [String(LATE_LOOKS)]);
      return await connection.query<LatePlace>(
        "UPDATE late SET looks = looks + 1, due_at = clock_timestamp() + interval '1 minute' * 2 ^ looks WHERE (key, id) IN " +
          "(SELECT key, id FROM late WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT $1::text::bigint) RETURNING key, id",
        [String(limit)],
      );
    },

    settled: async (id) => void await askHolder("settle", id),
    isHeldElsewhere: async (id) => await askHolder("hold", id) === "refused",
    serve: (writers) => peers.serve(resting.served(writers)),

    async alone(name, work) {
      await using single = connection.alone();
      const [row] = await single.query<{ locked: boolean }>(
        "SELECT pg_try_advisory_lock(hashtextextended('pawl ' || $1 || ' in ' || current_schema(), 0)) AS locked",
        [name],
      );
      if (!row?.locked) return false;
      await work(single.lost);
      return true;
    },

    async remember(name, text) {
      await connection.query("INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [name, text]);
      return await recall(name) ?? text;
    },

    recall,

    [Symbol.asyncDispose]: () => resting[Symbol.asyncDispose](),
  };
}
