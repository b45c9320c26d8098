import { lockedElsewhere } from "../../model/agree.ts";
import type { BytesRow, Json, Leases } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";
import type { Held } from "./held.ts";

/** A row of `bytes`, as the database gives it. */
export interface StoredRow {
  readonly layout: string;
  readonly length: string;
  readonly multipart: boolean;
  readonly clean: boolean;
  readonly writer: string | null;
}

/** How many ids are read at a time. */
const BATCH = 500;

/** Makes what is done with rows of `bytes` without a lease. */
export function createBytesRows(
  connection: Connection,
  held: Held,
): Pick<Leases, "read" | "adopt" | "isAdopted" | "remove" | "needed" | "ids" | "ageMs" | "multiparts"> {
  return {
    async read(id) {
      const [row] = await connection.query<StoredRow>(
        "SELECT layout, length::text, multipart_since IS NOT NULL AS multipart, clean, written_by AS writer FROM bytes WHERE id = $1",
        [id],
      );
      const { newParts: _, ...left } = held.get(id)?.left?.state ?? {};
      return row && { ...asRow(row), ...left };
    },

    async adopt(from, id) {
      const cannot = () => new Error(`Upload ${id} cannot adopt the bytes of ${from}`);
      const [row] = await connection.query<{ made: boolean; there: boolean; held: boolean }>(
        // The next taker of the row waits for this statement, and finds the row adopted.
        "WITH source AS (SELECT * FROM bytes WHERE id = $1 AND token IS NULL FOR SHARE), " +
          "made AS (INSERT INTO bytes (id, layout, length, clean, written_by, origins, multipart_since) " +
          "SELECT $2, layout, length, clean, written_by, $2::text || origins, multipart_since FROM source " +
          "ON CONFLICT DO NOTHING RETURNING 1) " +
          "SELECT EXISTS (SELECT 1 FROM made) AS made, " +
          "EXISTS (SELECT 1 FROM bytes WHERE id = $2 AND $1 = ANY(origins)) AS there, " +
          "EXISTS (SELECT 1 FROM bytes WHERE id = $1) AND NOT EXISTS (SELECT 1 FROM source) AS held",
        [from, id],
      );
      if (!row?.made && !row?.there) throw row?.held ? lockedElsewhere() : cannot();
      if (!row.made) return;
      // A removal that waited for this row does not see the new one, and lets the objects go. It comes before this look.
      const [source] = await connection.query("SELECT 1 FROM bytes WHERE id = $1 FOR UPDATE", [from]);
      if (source !== undefined) return;
      await connection.query("DELETE FROM bytes WHERE id = $1", [id]);
      throw cannot();
    },

    async isAdopted(id) {
      const rows = await connection.query("SELECT 1 AS one FROM bytes WHERE id <> $1 AND origins @> ARRAY[$1::text]", [
        id,
      ]);
      return rows.length > 0;
    },

    async remove(id, token) {
      const lease = held.get(id);
      const other = lease !== undefined && lease.token === token ? lease.nextToken : undefined;
      // Every part of the statement sees the rows as they were before it: the one that stays, and the one that goes.
      const rows = await connection.query<{ origin: string }>(
        "WITH gone AS (DELETE FROM bytes WHERE id = $1 AND ($2::text IS NULL OR token IN ($2, $3)) RETURNING origins), " +
          "free AS (SELECT origin FROM unnest(coalesce((SELECT origins FROM gone), ARRAY[$1::text])) origin WHERE " +
          "(EXISTS (SELECT 1 FROM gone) OR NOT EXISTS (SELECT 1 FROM bytes WHERE id = $1)) AND NOT EXISTS " +
          "(SELECT 1 FROM bytes WHERE id <> $1 AND origins @> ARRAY[origin])), " +
          "parted AS (DELETE FROM parts WHERE id IN (SELECT origin FROM free)) SELECT origin FROM free",
        [id, token ?? null, other ?? null],
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

    async multiparts({ idleMs, oldMs }, limit, after = "") {
      const rows = await connection.query<{ id: string }>(
        "SELECT id FROM bytes WHERE multipart_since IS NOT NULL AND id > $4 AND (multipart_since <= clock_timestamp() - " +
          "$1::text::float8 * interval '1 millisecond' OR token IS NULL AND touched_at <= clock_timestamp() - " +
          "$2::text::float8 * interval '1 millisecond') ORDER BY id LIMIT $3::text::bigint",
        [String(oldMs), String(idleMs), String(limit), after],
      );
      return rows.map(({ id }) => id);
    },
  };
}

/** Reads a row. */
export function asRow({ layout, length, multipart, clean, writer }: StoredRow): BytesRow {
  return {
    layout: JSON.parse(layout) as Json,
    length: Number(length),
    isMultipart: multipart,
    clean,
    writtenBy: writer ?? undefined,
  };
}
