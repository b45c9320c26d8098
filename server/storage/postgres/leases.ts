import { takenOver } from "../../model/agree.ts";
import type { BytesChange, BytesRow, Json, LatePlace, Lease, Leases } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";
import { type Held, recordKey, valuesOf } from "./held.ts";
import { type Outcome, Peers } from "./peers.ts";
import { SilentWriters } from "./silent_writers.ts";

export interface LeasesOptions {
  /** After so long without a word, the instance that holds an upload counts as dead or stopped. Milliseconds. */
  readonly silenceMs?: number;
  /** How long an instance that is heard may take to let go. Milliseconds. */
  readonly patienceMs?: number;
}

/** The leases of one instance, in PostgreSQL. */
export interface PostgresLeases extends Leases {
  /** Resolves when other instances can ask this one. */
  readonly listening: Promise<void>;
}

interface Row {
  readonly layout: string;
  readonly length: string;
  readonly multipart: boolean;
  readonly clean: boolean;
  readonly writer: string | null;
}

interface TakenRow extends Row {
  readonly taken: boolean;
  readonly token: string | null;
  readonly holder: string | null;
  readonly value: string | null;
  readonly version: string | null;
}

/** How often an upload is tried to be taken: each time another instance was faster. */
const ATTEMPTS = 10;

/** How often a late place is looked at: the last time 45 days after the one before. */
const LATE_LOOKS = 16;

/** How many ids are read at a time. */
const BATCH = 500;

/**
 * Lets a statement not wait for the database's disk, nor for a standby. Who takes an upload acknowledges nothing by it, and
 * the database writes all commits in one order: whoever commits by a token has it surely. A crash may forget a token that
 * nothing was committed by, and every later commit by it is refused then.
 */
const UNSYNCED = "set_config('synchronous_commit', 'off', true)";

/**
 * Makes the leases of one instance on the table `bytes`. `held` gets each lease, so that commits of the records name it.
 * Everything throws `no-database` when the database gives no answer.
 */
export function createLeases(
  connection: Connection,
  held: Held,
  { silenceMs = 250, patienceMs = 5000 }: LeasesOptions = {},
): PostgresLeases {
  const own = newToken();
  const peers = new Peers(connection, { own, silenceMs, patienceMs });
  const silent = new SilentWriters();

  async function take(id: string, offset?: number): Promise<Lease | "locked" | "receiving" | undefined> {
    let seen = silent.take(id);
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
        held.add(id, token, value === null || version === null ? undefined : { value, version });
        return lend(id, token, asRow(row));
      }
      if (row.holder === own && held.get(id)?.token === row.token) return "locked";
      if (row.holder !== null && row.holder !== own) {
        const outcome = await peers.ask(row.holder, offset === undefined ? "stop" : "follow", id, offset);
        if (outcome === "refused") return "receiving";
      }
      // Now this token may be replaced, however it was answered, and this one alone: another writer may have come.
      seen = row.token;
    }
    return "locked";
  }

  function lend(id: string, token: string, found: BytesRow): Lease {
    let isReleased = false;
    return {
      id,
      token,
      found,

      async commit(state) {
        const lease = held.get(id);
        if (lease?.token === token) lease.left = undefined;
        const isDone = await change(id, token, { state }).catch((error) => {
          held.inDoubt({ id, token });
          throw error;
        });
        if (!isDone) throw takenOver();
        if (lease?.token === token) lease.committed = state;
      },

      commitWithRecord(state, committed = () => {}) {
        const lease = held.get(id);
        if (lease?.token === token) lease.left = { state, committed };
      },

      releaseWithRecord(clean) {
        const lease = held.get(id);
        if (lease?.token === token) lease.letsGo = clean;
      },

      async etags(multipart) {
        // Rows of the first version have given the same parts to an upload and to the one that adopted its layout.
        const rows = await connection.query<{ etag: string }>(
          "SELECT DISTINCT ON (p.number) p.etag FROM bytes b JOIN parts p ON p.id = ANY(b.origins) AND p.multipart = $2 WHERE b.id = $1 " +
            "ORDER BY p.number",
          [id, multipart],
        );
        return rows.map(({ etag }) => etag);
      },

      abandon() {
        isReleased = true;
        held.remove(id, token);
      },

      async release(clean) {
        if (isReleased) return;
        isReleased = true;
        const lease = held.get(id);
        const { left, isOver = false, isInDoubt = false, committed } = lease?.token === token ? lease : {};
        try {
          if (isOver) return;
          // A commit that nobody waits for any more may have come after later ones, and can come no more after this.
          const state = left?.state ?? (isInDoubt ? committed : undefined);
          if (await change(id, token, { state, letsGo: clean })) left?.committed();
        } finally {
          held.remove(id, token);
        }
      },
    };
  }

  async function recall(name: string): Promise<string | undefined> {
    const [row] = await connection.query<{ value: string }>("SELECT value FROM facts WHERE name = $1", [name]);
    return row?.value;
  }

  /** Commits what a lease asks for; false when it is lost. */
  async function change(
    id: string,
    token: string,
    { state, letsGo }: { state?: BytesChange | undefined; letsGo?: boolean },
  ): Promise<boolean> {
    const values = state === undefined ? [] : valuesOf(state);
    const [row] = await connection.query<{ done: boolean }>("SELECT change_bytes($1, $2, $3::text::json, $4) AS done", [
      id,
      token,
      JSON.stringify(values),
      letsGo ?? null,
    ]);
    return row?.done ?? false;
  }

  /** Asks the other instance that holds an upload, if one does. */
  async function askHolder(wish: "settle" | "hold", id: string): Promise<Outcome | undefined> {
    const [row] = await connection.query<{ holder: string; token: string }>(
      "SELECT holder, token FROM bytes WHERE id = $1 AND token IS NOT NULL AND holder <> $2",
      [id, own],
    );
    if (row === undefined) return undefined;
    const outcome = await peers.ask(row.holder, wish, id);
    // A question whether a request holds the upload comes before its removal: the writer has a second chance to answer then.
    if (outcome === "silent" && wish === "settle") silent.add(id, row.token);
    return outcome;
  }

  return {
    listening: peers.listening,

    async create(id, layout) {
      const token = newToken();
      const made = await connection.query(
        "INSERT INTO bytes (id, token, holder, layout, length, clean, origins) " +
          `VALUES ($1, $2, $3, $4, 0, false, ARRAY[$1::text]) ON CONFLICT DO NOTHING RETURNING ${UNSYNCED}`,
        [id, token, own, JSON.stringify(layout)],
      );
      if (made.length === 0) return "locked";
      held.add(id, token);
      return lend(id, token, { layout, length: 0, isMultipart: false, clean: true, writtenBy: undefined });
    },

    take,

    async read(id) {
      const [row] = await connection.query<Row>(
        "SELECT layout, length::text, multipart_since IS NOT NULL AS multipart, clean, written_by AS writer FROM bytes WHERE id = $1",
        [id],
      );
      const { newParts: _, ...left } = held.get(id)?.left?.state ?? {};
      return row && { ...asRow(row), ...left };
    },

    async adopt(from, id) {
      const cannot = () => new Error(`Upload ${id} cannot adopt the bytes of ${from}`);
      const [row] = await connection.query<{ made: boolean; there: boolean }>(
        "WITH source AS (SELECT * FROM bytes WHERE id = $1), " +
          "made AS (INSERT INTO bytes (id, layout, length, clean, written_by, origins, multipart_since) " +
          "SELECT $2, layout, length, clean, written_by, $2::text || origins, multipart_since FROM source " +
          "ON CONFLICT DO NOTHING RETURNING 1) " +
          "SELECT EXISTS (SELECT 1 FROM made) AS made, " +
          "EXISTS (SELECT 1 FROM bytes WHERE id = $2 AND $1 = ANY(origins)) AS there",
        [from, id],
      );
      if (!row?.made && !row?.there) throw cannot();
      if (!row.made) return;
      // A removal that waited for this row does not see the new one, and lets the objects go. It comes before this look.
      const [source] = await connection.query("SELECT 1 FROM bytes WHERE id = $1 FOR UPDATE", [from]);
      if (source !== undefined) return;
      await connection.query("DELETE FROM bytes WHERE id = $1", [id]);
      throw cannot();
    },

    async remove(id, token) {
      // Every part of the statement sees the rows as they were before it: the one that stays, and the one that goes.
      const rows = await connection.query<{ origin: string }>(
        "WITH gone AS (DELETE FROM bytes WHERE id = $1 AND ($2::text IS NULL OR token = $2) RETURNING origins), " +
          "free AS (SELECT origin FROM unnest(coalesce((SELECT origins FROM gone), ARRAY[$1::text])) origin WHERE " +
          "(EXISTS (SELECT 1 FROM gone) OR NOT EXISTS (SELECT 1 FROM bytes WHERE id = $1)) AND NOT EXISTS " +
          "(SELECT 1 FROM bytes WHERE id <> $1 AND origins @> ARRAY[origin])), " +
          "parted AS (DELETE FROM parts WHERE id IN (SELECT origin FROM free)) SELECT origin FROM free",
        [id, token ?? null],
      );
      return rows.map(({ origin }) => origin);
    },

    async needed(ids) {
      const rows = await connection.query<{ id: string }>(
        "SELECT i AS id FROM json_array_elements_text($1::text::json) i WHERE EXISTS " +
          "(SELECT 1 FROM bytes WHERE origins @> ARRAY[i])",
        [JSON.stringify(ids)],
      );
      return new Set(rows.map(({ id }) => id));
    },

    async *ids() {
      for (let last = "";;) {
        const rows = await connection.query<{ id: string }>(
          "SELECT id FROM bytes WHERE id > $1 ORDER BY id LIMIT $2::text::bigint",
          [last, String(BATCH)],
        );
        for (const { id } of rows) yield last = id;
        if (rows.length < BATCH) return;
      }
    },

    async ageMs(id) {
      const [row] = await connection.query<{ age: string }>(
        "SELECT (extract(epoch FROM clock_timestamp() - touched_at) * 1000)::text AS age FROM bytes WHERE id = $1",
        [id],
      );
      return row && Number(row.age);
    },

    async multiparts({ idleMs, oldMs }, limit) {
      const rows = await connection.query<{ id: string }>(
        "SELECT id FROM bytes WHERE multipart_since IS NOT NULL AND (multipart_since <= clock_timestamp() - " +
          "$1::text::float8 * interval '1 millisecond' OR token IS NULL AND touched_at <= clock_timestamp() - " +
          "$2::text::float8 * interval '1 millisecond') ORDER BY multipart_since LIMIT $3::text::bigint",
        [String(oldMs), String(idleMs), String(limit)],
      );
      return rows.map(({ id }) => id);
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
    serve: (writers) => peers.serve(writers),

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
  };
}

function asRow({ layout, length, multipart, clean, writer }: Row): BytesRow {
  return {
    layout: JSON.parse(layout) as Json,
    length: Number(length),
    isMultipart: multipart,
    clean,
    writtenBy: writer ?? undefined,
  };
}

function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}
