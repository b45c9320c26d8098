import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../../server/errors.ts";
import { isDone } from "../../../../server/in_time.ts";
import { createConnection } from "../../../../server/storage/postgres/connection.ts";
import { Held } from "../../../../server/storage/postgres/held.ts";
import { createLeases } from "../../../../server/storage/postgres/leases.ts";
import { type MuteDatabase, startMuteDatabase } from "../../../support/mute_database.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { until } from "../../../support/until.ts";

const DEADLINE_MS = 200;
/** Much longer than any deadline here. */
const LONG_MS = 30_000;

/** Does a work on a database that answers no statement. It must end, with a word about the database. */
async function meetsDeadline(work: (database: MuteDatabase) => Promise<unknown>): Promise<void> {
  await using database = await startMuteDatabase();
  const failing = work(database).then(() => undefined, (error) => error);
  assert(await isDone(failing, LONG_MS), "It waits for ever");
  const error = await assertRejects(async () => {
    throw await failing;
  }, UploadError);
  assertEquals(error.code, "no-database");
}

// The library looks for settings in more of the environment than one machine's server may read (`needsAll`).
Deno.test(
  "a database that lets everybody in and answers nothing hangs no statement",
  needsAll,
  () =>
    meetsDeadline(async ({ url }) => {
      const connection = createConnection(url, { deadlineMs: DEADLINE_MS });
      try {
        await connection.query("SELECT 1");
      } finally {
        await connection.close();
      }
    }),
);

Deno.test("nor does it hang the work that one instance does for all", needsAll, () =>
  meetsDeadline(async ({ url }) => {
    const connection = createConnection(url, { deadlineMs: DEADLINE_MS });
    try {
      await createLeases(connection, new Held()).alone("sweep", () => Promise.resolve());
    } finally {
      await connection.close();
    }
  }));

Deno.test("nor the listening, which is tried anew", needsAll, async () => {
  await using database = await startMuteDatabase();
  const connection = createConnection(database.url, { deadlineMs: DEADLINE_MS });
  connection.listen("news", () => {});
  await until(() => Promise.resolve(database.connections() >= 3), "it is tried anew");
  await connection.close();
});
