import { APPEND_COMMIT } from "./append_commit_migration.ts";
import { APPENDS } from "./appends_migration.ts";
import { COUNTING } from "./counting_migration.ts";
import { PARTS } from "./parts_migration.ts";
import { WIDE_SUMS } from "./wide_sums_migration.ts";

/**
 * The statements that bring a database from each version to the next one: those at index 0 make version 1 of nothing.
 * A migration was run somewhere, so it is never changed; a change of the tables is one more entry.
 *
 * | table     | what it holds                                                                                       |
 * | --------- | --------------------------------------------------------------------------------------------------- |
 * | `entries` | the entries of `storage/kv/`: records, links, tokens, events. Keys are as `keys.ts` writes them, values are JSON |
 * | `bytes`   | a row for the bytes of each unfinished upload: who may write, and where they lie (`storage/shared/leases.ts`)    |
 * | `parts`   | the ETags of the parts that the rows of `bytes` count                                               |
 * | `facts`   | what all instances remember by a name                                                               |
 *
 * `counting_migration.ts` lists those that count.
 *
 * Versions and tokens are random, not counted: after a fail-over that has lost commits, a counter could give one twice.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE entries (
  key bytea PRIMARY KEY,
  value text NOT NULL,
  version uuid NOT NULL
);

CREATE TABLE bytes (
  id text PRIMARY KEY,
  -- The writer that holds the upload, and its instance. NULL when nobody does.
  token text,
  holder text,
  layout text NOT NULL,
  length bigint NOT NULL,
  clean boolean NOT NULL,
  written_by text,
  -- The ids of the uploads whose objects the layout may name: its own, and those it has adopted it from.
  origins text[] NOT NULL,
  touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  multipart_since timestamptz
) WITH (fillfactor = 80);
CREATE INDEX bytes_by_origin ON bytes USING gin (origins);
CREATE INDEX bytes_by_multipart ON bytes (multipart_since) WHERE multipart_since IS NOT NULL;

CREATE TABLE facts (
  name text PRIMARY KEY,
  value text NOT NULL
);

-- Makes one change of entries. Fails with PW001 when a lease is lost, and with PW002 when an entry is not as it was
-- read; nothing has changed then. Keys are in hexadecimal.
--   checked  [[key, version or null when there must be no entry], ...]
--   put      [[key, value], ...]
--   removed  [key, ...]
--   leased   [[id, token, layout or null when it stays, length, whether there is a multipart upload], ...]
CREATE FUNCTION change_entries(checked json, put json, removed json, leased json) RETURNS void
-- Plans are made while the tables are small, and kept.
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  own_version uuid := gen_random_uuid();
  lease json;
  expected bigint;
  found_count bigint;
BEGIN
  FOR lease IN SELECT l FROM json_array_elements(leased) l LOOP
    IF lease->>2 IS NULL THEN
      PERFORM 1 FROM bytes WHERE id = lease->>0 AND token = lease->>1 FOR SHARE;
    ELSE
      UPDATE bytes SET layout = lease->>2, length = (lease->>3)::bigint, written_by = token,
        touched_at = clock_timestamp(),
        multipart_since = CASE WHEN (lease->>4)::boolean THEN coalesce(multipart_since, clock_timestamp()) END
      WHERE id = lease->>0 AND token = lease->>1;
    END IF;
    IF NOT FOUND THEN RAISE EXCEPTION 'taken-over' USING ERRCODE = 'PW001'; END IF;
  END LOOP;

  -- All lock what is there in one order, so that they do not wait for each other in a circle.
  IF json_array_length(checked) + json_array_length(put) + json_array_length(removed) > 1 THEN
    PERFORM 1 FROM entries e WHERE e.key = ANY (ARRAY(
      SELECT decode(c->>0, 'hex') FROM json_array_elements(checked) c
      UNION ALL SELECT decode(p->>0, 'hex') FROM json_array_elements(put) p
      UNION ALL SELECT decode(r, 'hex') FROM json_array_elements_text(removed) r
    )) ORDER BY e.key FOR UPDATE;
  END IF;

  IF json_array_length(checked) > 0 THEN
    SELECT count(*) INTO expected FROM json_array_elements(checked) c WHERE c->>1 IS NOT NULL;
    SELECT count(*) INTO found_count FROM json_array_elements(checked) c
    JOIN entries e ON e.key = decode(c->>0, 'hex') AND e.version = (c->>1)::uuid;
    IF found_count < expected THEN RAISE EXCEPTION 'changed' USING ERRCODE = 'PW002'; END IF;
    SELECT count(*) INTO expected FROM json_array_elements(checked) c WHERE c->>1 IS NULL;
    IF expected > 0 THEN
      -- Whoever makes the same entry at this moment is waited for.
      WITH made AS (
        INSERT INTO entries SELECT decode(c->>0, 'hex'), 'null', own_version FROM json_array_elements(checked) c
        WHERE c->>1 IS NULL ORDER BY 1 ON CONFLICT DO NOTHING RETURNING 1
      ) SELECT count(*) INTO found_count FROM made;
      IF found_count < expected THEN RAISE EXCEPTION 'changed' USING ERRCODE = 'PW002'; END IF;
    END IF;
  END IF;

  DELETE FROM entries WHERE key IN (
    SELECT decode(r, 'hex') FROM json_array_elements_text(removed) r
    UNION ALL SELECT decode(c->>0, 'hex') FROM json_array_elements(checked) c WHERE c->>1 IS NULL
  ) AND key NOT IN (SELECT decode(p->>0, 'hex') FROM json_array_elements(put) p);

  INSERT INTO entries SELECT decode(p->>0, 'hex'), p->>1, own_version FROM json_array_elements(put) p ORDER BY 1
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version;
END $$;

-- Takes an upload for a writer, if nobody holds it, or the writer of the token 'seen' does. Gives the row as it was, and
-- the entry of the upload's record; no row when there is none.
CREATE FUNCTION take_bytes(wanted text, new_token text, new_holder text, seen text, record_key text)
RETURNS TABLE (taken boolean, token text, holder text, layout text, length bigint, multipart boolean, clean boolean,
  written_by text, value text, version uuid)
LANGUAGE plpgsql AS $$
DECLARE
  row bytes%ROWTYPE;
  taken boolean;
BEGIN
  SELECT * INTO row FROM bytes b WHERE b.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  taken := row.token IS NULL OR row.token = seen;
  IF taken THEN
    UPDATE bytes b SET token = new_token, holder = new_holder, clean = false, touched_at = clock_timestamp()
    WHERE b.id = wanted;
  END IF;
  RETURN QUERY SELECT taken, row.token, row.holder, row.layout, row.length, row.multipart_since IS NOT NULL, row.clean,
    row.written_by, e.value, e.version
  FROM (SELECT 1) one LEFT JOIN entries e ON taken AND e.key = decode(record_key, 'hex');
END $$;
`,
  PARTS,
  COUNTING,
  WIDE_SUMS,
  APPENDS,
  APPEND_COMMIT,
];
