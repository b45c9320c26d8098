import { takenOver } from "../../model/agree.ts";
import type { Ledger } from "../shared/ledger.ts";
import { folderCount } from "../tally.ts";
import type { Connection } from "./connection.ts";
import { keepLateOut } from "./fence.ts";
import { type Held, inDoubt } from "./held.ts";
import { codeOf, retryUndone } from "./no_database.ts";
import { argumentsOf, asRefusal, storable } from "./tallied.ts";

/** How long an instance that holds an upload, and records nothing of it, is not taken for dead. */
const DEAD_AFTER = "interval '5 minutes'";

/** Makes the ledger on the tables that count. Everything throws `no-database` when the database gives no answer. */
export function createLedger(connection: Connection, held: Held): Ledger {
  return {
    async count(tallied) {
      const leases = tallied.uploads.map(({ id }) => held.get(id));
      for (const lease of leases) if (lease !== undefined) await keepLateOut(connection, lease);
      const tokens = leases.map((lease) => lease?.token ?? "");
      const leased = tallied.uploads.map(({ id }, at) => [id, tokens[at], [], null]);
      try {
        await retryUndone(() =>
          connection.query(
            "SELECT change_counted('[]', '[]', '[]', $1::text::json, $2::text::json, $3::text::json, $4::text::json)",
            [JSON.stringify(leased), ...argumentsOf(tallied)],
          )
        );
      } catch (error) {
        if (codeOf(error) === "PW001") throw takenOver();
        const refusal = asRefusal(error, tallied.bounds);
        // A count that is done late must not take the place of what a later record counts.
        if (refusal === error) leases.forEach((lease, at) => lease && inDoubt({ lease, token: tokens[at]! }));
        throw refusal;
      }
    },

    async used(names) {
      const rows = await connection.query<{ at: number; files: string; bytes: string }>(
        "SELECT n.at::int, sum(c.files)::text AS files, sum(c.bytes)::text AS bytes FROM " +
          "json_array_elements_text($1::text::json) WITH ORDINALITY n (name, at) JOIN counters c USING (name) GROUP BY n.at",
        [JSON.stringify(names.map(storable))],
      );
      return new Map(rows.map(({ at, files, bytes }) => [names[at - 1]!, amountOf(files, bytes)]));
    },

    async unfinished() {
      const [row] = await connection.query<{ count: string; bytes: string }>(
        "SELECT (SELECT count(*) FROM counted WHERE open <> '[]')::text AS count, " +
          "(SELECT coalesce(sum(length), 0) FROM bytes)::text AS bytes",
      );
      return { count: Number(row!.count), bytes: Number(row!.bytes) };
    },

    async openOf(payer) {
      const rows = await connection.query<{ id: string }>(
        "SELECT id FROM counted WHERE payer = $1 AND open <> '[]'",
        [storable(payer)],
      );
      return rows.map(({ id }) => id);
    },

    async leftAhead() {
      const rows = await connection.query<{ id: string }>(
        "SELECT c.id FROM counted c LEFT JOIN bytes b USING (id) WHERE c.ahead AND " +
          `(b.token IS NULL OR b.touched_at < clock_timestamp() - ${DEAD_AFTER})`,
      );
      return rows.map(({ id }) => id);
    },

    async takePace(address, perSecond) {
      const allowed = "least($2::text::float8, p.allowance + " +
        "greatest(0, extract(epoch FROM clock_timestamp() - p.at)::float8) * $2::text::float8)";
      const taken = await connection.query(
        "INSERT INTO paces AS p VALUES ($1, $2::text::float8 - 1, clock_timestamp()) ON CONFLICT (name) " +
          `DO UPDATE SET allowance = ${allowed} - 1, at = clock_timestamp() WHERE ${allowed} >= 1 RETURNING 1`,
        [storable(address), String(perSecond)],
      );
      return taken.length > 0;
    },

    async doubtFolders(payer, countId) {
      await connection.query("SELECT doubt_folders($1, $2)", [storable(payer), countId]);
    },

    async nameFolders(payer, folders) {
      await connection.query(
        "WITH made AS (SELECT name_folders($1, ARRAY(SELECT json_array_elements_text($2::text::json))) AS count) " +
          "INSERT INTO counters AS c SELECT $3, 0, count, 0 FROM made WHERE count > 0 " +
          "ON CONFLICT (name, shard) DO UPDATE SET files = c.files + excluded.files",
        [storable(payer), JSON.stringify(folders.map(storable)), storable(folderCount(payer))],
      );
    },

    async forgetFolders(payer, countId) {
      await connection.query("SELECT forget_folders($1, $2)", [storable(payer), countId]);
    },

    async tidy() {
      const spread = await connection.query<{ name: string }>(
        "SELECT name FROM counters GROUP BY name HAVING sum(files) = 0 AND sum(bytes) = 0 AND max(shard) > 0",
      );
      for (const { name } of spread) {
        // Whatever others add meanwhile stays: a row that is removed is read as it is then.
        await connection.query(
          "WITH gone AS (DELETE FROM counters WHERE name = $1 AND shard > 0 RETURNING files, bytes) " +
            "INSERT INTO counters AS c SELECT $1, 0, sum(files), sum(bytes) FROM gone HAVING count(*) > 0 " +
            "ON CONFLICT (name, shard) DO UPDATE SET files = c.files + excluded.files, bytes = c.bytes + excluded.bytes",
          [name],
        );
      }
      // Rows that a commit adds to are left: to wait for them with others in hand could be a wait in a circle.
      await connection.query(
        "DELETE FROM counters WHERE (name, shard) IN " +
          "(SELECT name, shard FROM counters WHERE files = 0 AND bytes = 0 FOR UPDATE SKIP LOCKED)",
      );
      await connection.query("DELETE FROM paces WHERE at < clock_timestamp() - interval '1 minute'");
    },
  };
}

function amountOf(files: string, bytes: string) {
  return { files: Number(files), bytes: Number(bytes) };
}
