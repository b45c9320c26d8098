import { assertEquals } from "@std/assert";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

/** The statements of an append, for the upload `$1` and the token `$2`. */
const STATEMENTS = [
  "SELECT taken FROM take_bytes($1, 'new', 'me', $2, '00')",
  "SELECT commit_append($1, $2, '{}', '1', false, NULL, encode(convert_to($1, 'UTF8'), 'hex'), '1')",
  "SELECT change_bytes($1, $2, '[\"{}\", 1, false, []]'::jsonb, NULL)",
];

for (const statement of STATEMENTS) {
  const name = statement.match(/\w+(?=\()/)![0];
  postgresTest(`${name} finds its row by the key, though its plan was made while the tables were small`, async () => {
    server ??= await startPostgres();
    const schema = await openSchema(server, { deadlineMs: PATIENCE_MS });
    const add = (from: number, to: number) =>
      single.query(
        "INSERT INTO bytes (id, token, holder, layout, length, clean, origins) SELECT 'u' || i, 't' || i, 'h', '{}', 0, " +
          "false, ARRAY['u' || i] FROM generate_series($1::text::int, $2::text::int) i",
        [String(from), String(to)],
      );
    const run = (number: number) => single.query(statement, [`u${number}`, `t${number}`]);
    await using single = schema.alone();
    try {
      await add(1, 20);
      await single.query("ANALYZE bytes");
      for (let number = 1; number <= 12; number++) await run(number);
      await add(21, 5000);
      await single.query("BEGIN");
      await run(3000);
      const scans = await single.query(
        "SELECT seq_scan::text AS scans, (idx_scan > 0)::text AS found FROM pg_stat_xact_user_tables WHERE relname = 'bytes'" +
          "AND schemaname = current_schema()",
      );
      assertEquals(scans, [{ scans: "0", found: "true" }]);
      await single.query("ROLLBACK");
    } finally {
      await schema.close();
    }
  });
}
