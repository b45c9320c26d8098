/**
 * The tables and functions that count what uploads keep, in the commits of their records.
 *
 * | table      | what it holds                                                                                        |
 * | ---------- | ---------------------------------------------------------------------------------------------------- |
 * | `counted`  | a row for each upload that is not over: what it counts for, under which names                        |
 * | `counters` | the sums of these by name. A name that nothing bounds has several rows, so that commits do not wait  |
 * | `folders`  | the folders that the uploads of each payer name, finished ones or not                                |
 * | `paces`    | how many uploads an address may still begin at a moment                                              |
 * | `late`     | names at which the object of a terminated upload may still appear, and when they are looked at next  |
 */
export const COUNTING = `
CREATE TABLE counted (
  id text PRIMARY KEY,
  payer text NOT NULL,
  -- [[name, files, bytes, whether the name is spread over several rows], ...]
  kept text NOT NULL,
  open text NOT NULL,
  -- The final upload that takes the bytes: what is kept counts there.
  heir text,
  ahead boolean NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX counted_by_heir ON counted (heir) WHERE heir IS NOT NULL;
CREATE INDEX counted_open ON counted (payer) WHERE open <> '[]';
CREATE INDEX counted_ahead ON counted (id) WHERE ahead;

CREATE TABLE counters (
  name text NOT NULL,
  -- 0 where a bound makes commits wait for each other.
  shard int NOT NULL,
  files bigint NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (name, shard)
) WITH (fillfactor = 50);

CREATE TABLE folders (
  payer text NOT NULL,
  folder text NOT NULL,
  -- The count that has not yet met an upload in this folder.
  doubted_by text,
  PRIMARY KEY (payer, folder)
);

-- These numbers are worth a second: a crash may forget them.
CREATE UNLOGGED TABLE paces (
  name text PRIMARY KEY,
  allowance float8 NOT NULL,
  at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE late (
  key text NOT NULL,
  id text NOT NULL,
  looks int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  PRIMARY KEY (key, id)
);

CREATE FUNCTION lock_of_folders(payer text) RETURNS bigint LANGUAGE sql AS $$
  SELECT hashtextextended('pawl folders of ' || payer || ' in ' || current_schema(), 0)
$$;

-- Remembers folders of a payer. Gives how many are new.
CREATE FUNCTION name_folders(of_payer text, named text[]) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  made bigint;
BEGIN
  -- A count that doubts folders waits for those that were looked up before.
  PERFORM pg_advisory_xact_lock_shared(lock_of_folders(of_payer));
  UPDATE folders SET doubted_by = NULL WHERE payer = of_payer AND folder = ANY (named) AND doubted_by IS NOT NULL;
  INSERT INTO folders (payer, folder) SELECT of_payer, f FROM unnest(named) f ORDER BY f ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS made = ROW_COUNT;
  RETURN made;
END $$;

-- Begins a count of a payer's folders. Every folder is in doubt then, until an upload names it again.
CREATE FUNCTION doubt_folders(of_payer text, count_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(lock_of_folders(of_payer));
  UPDATE folders SET doubted_by = count_id WHERE payer = of_payer;
END $$;

-- Ends a count: forgets the folders that no upload has named since.
CREATE FUNCTION forget_folders(of_payer text, count_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  left_over bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(lock_of_folders(of_payer));
  DELETE FROM folders WHERE payer = of_payer AND doubted_by = count_id;
  SELECT count(*) INTO left_over FROM folders WHERE payer = of_payer;
  INSERT INTO counters VALUES ('folders ' || of_payer, 0, left_over, 0)
  ON CONFLICT (name, shard) DO UPDATE SET files = excluded.files;
END $$;

-- Counts uploads as they are now. Fails with PW003 when a bound is passed, and tells each that is: [[name, files, bytes,
-- more files, more bytes], ...]. Fails with PW004 when another upload takes the bytes of one that is to be taken.
--   uploads  [{id, payer, kept, open, takes, ahead}, ...]
--   bounds   [[name, files or null, bytes or null], ...]
--   named    {payer, folders} or null
CREATE FUNCTION count_uploads(uploads json, bounds json, named json) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  ids text[] := ARRAY(SELECT u->>'id' FROM json_array_elements(uploads) u);
  ended text[] := ARRAY(SELECT u->>'id' FROM json_array_elements(uploads) u WHERE json_array_length(u->'open') = 0);
  wanted text[];
  affected text[];
  before text[];
  change record;
  used record;
  over json[] := '{}';
  new_folders bigint := 0;
BEGIN
  wanted := ARRAY(SELECT DISTINCT p FROM json_array_elements(uploads) u, json_array_elements_text(u->'takes') p);
  affected := ARRAY(
    SELECT c.id FROM counted c WHERE c.id = ANY (ids || wanted) OR c.heir = ANY (ended) ORDER BY c.id FOR UPDATE
  );
  before := ARRAY(
    SELECT part FROM counted c, unnest(ARRAY[c.open, CASE WHEN c.heir IS NULL THEN c.kept END]) part
    WHERE c.id = ANY (affected)
  );
  IF cardinality(wanted) > 0 THEN
    -- Only one upload of a commit takes others.
    UPDATE counted c SET heir = u->>'id' FROM json_array_elements(uploads) u
    WHERE u->'takes' IS NOT NULL AND c.id = ANY (wanted)
      AND (c.heir IS NULL OR c.heir = u->>'id' OR NOT EXISTS (SELECT 1 FROM counted h WHERE h.id = c.heir));
    IF (SELECT count(*) FROM counted c, json_array_elements(uploads) u
        WHERE u->'takes' IS NOT NULL AND c.id = ANY (wanted) AND c.heir = u->>'id') < cardinality(wanted)
    THEN RAISE EXCEPTION 'taken' USING ERRCODE = 'PW004'; END IF;
  END IF;
  UPDATE counted SET heir = NULL WHERE heir = ANY (ended);
  DELETE FROM counted WHERE id = ANY (ARRAY(
    SELECT u->>'id' FROM json_array_elements(uploads) u
    WHERE json_array_length(u->'open') = 0 AND json_array_length(u->'kept') = 0
  ));
  INSERT INTO counted (id, payer, kept, open, ahead)
  SELECT u->>'id', u->>'payer', u->>'kept', u->>'open', (u->>'ahead')::boolean FROM json_array_elements(uploads) u
  WHERE json_array_length(u->'open') > 0 OR json_array_length(u->'kept') > 0 ORDER BY 1
  ON CONFLICT (id) DO UPDATE SET kept = excluded.kept, open = excluded.open, ahead = excluded.ahead;

  IF named IS NOT NULL THEN
    new_folders := name_folders(named->>'payer', ARRAY(SELECT json_array_elements_text(named->'folders')));
  END IF;

  -- All add in one order, and at the end of their commits, so that they wait for each other shortly and in no circle.
  FOR change IN
    SELECT name, sum(files)::bigint AS files, sum(bytes)::bigint AS bytes, bool_and(spread) AS spread FROM (
      SELECT e->>0 AS name, -(e->>1)::bigint AS files, -(e->>2)::bigint AS bytes, (e->>3)::boolean AS spread
      FROM unnest(before) part, json_array_elements(part::json) e
      UNION ALL
      SELECT e->>0, (e->>1)::bigint, (e->>2)::bigint, (e->>3)::boolean
      FROM counted c, unnest(ARRAY[c.open, CASE WHEN c.heir IS NULL THEN c.kept END]) part, json_array_elements(part::json) e
      WHERE c.id = ANY (ids || affected)
      UNION ALL
      SELECT 'folders ' || (named->>'payer'), new_folders, 0, false WHERE new_folders > 0
    ) counts GROUP BY name HAVING sum(files) <> 0 OR sum(bytes) <> 0 ORDER BY name
  LOOP
    INSERT INTO counters AS c
    VALUES (change.name, CASE WHEN change.spread THEN 1 + pg_backend_pid() % 16 ELSE 0 END, change.files, change.bytes)
    ON CONFLICT (name, shard) DO UPDATE SET files = c.files + excluded.files, bytes = c.bytes + excluded.bytes;
    IF change.files > 0 OR change.bytes > 0 THEN
      FOR used IN
        SELECT sum(c.files)::bigint AS files, sum(c.bytes)::bigint AS bytes, (b->>1)::float8 AS max_files, (b->>2)::float8 AS max_bytes
        FROM json_array_elements(bounds) b JOIN counters c ON c.name = b->>0 WHERE b->>0 = change.name
        GROUP BY b->>1, b->>2
      LOOP
        IF change.files > 0 AND used.files > used.max_files OR change.bytes > 0 AND used.bytes > used.max_bytes THEN
          over := over || json_build_array(
            change.name, used.files - change.files, used.bytes - change.bytes, change.files, change.bytes
          );
        END IF;
      END LOOP;
    END IF;
  END LOOP;
  IF cardinality(over) > 0 THEN
    RAISE EXCEPTION 'over' USING ERRCODE = 'PW003', DETAIL = array_to_json(over)::text;
  END IF;
END $$;

-- Does what change_entries does, and counts in the same commit.
CREATE FUNCTION change_counted(checked json, put json, removed json, leased json, uploads json, bounds json, named json)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM change_entries(checked, put, removed, leased);
  PERFORM count_uploads(uploads, bounds, named);
END $$;
`;
