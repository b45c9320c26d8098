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
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  made bigint;
BEGIN
  -- A count that doubts folders waits for those that were looked up before.
  PERFORM pg_advisory_xact_lock_shared(lock_of_folders(of_payer));
  SELECT count(*) INTO made FROM folders WHERE payer = of_payer AND folder = ANY (named) AND doubted_by IS NULL;
  IF made = cardinality(named) THEN RETURN 0; END IF;
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

-- Counts uploads as they are now. Plans are made once: to make them takes longer than the work. Fails with PW003 when a bound is passed, and tells each that is: [[name, files, bytes,
-- more files, more bytes], ...]. Fails with PW004 when another upload takes the bytes of one that is to be taken.
--   uploads  [{id, payer, kept, open, takes, ahead}, ...]: at most one takes others
--   bounds   [[name, files or null, bytes or null], ...]
--   named    {payer, folders} or null
CREATE FUNCTION count_uploads(uploads json, bounds json, named json) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  ids text[];
  ended text[];
  wanted text[];
  taker text;
  affected text[];
  before text[] := '{}';
  over json;
  new_folders bigint := 0;
BEGIN
  SELECT array_agg(u->>'id'), array_agg(u->>'id') FILTER (WHERE json_array_length(u->'open') = 0),
    max(u->>'id') FILTER (WHERE u->'takes' IS NOT NULL)
  INTO ids, ended, taker FROM json_array_elements(uploads) u;
  IF taker IS NOT NULL THEN
    wanted := ARRAY(SELECT DISTINCT p FROM json_array_elements(uploads) u, json_array_elements_text(u->'takes') p);
  END IF;
  affected := ARRAY(
    SELECT c.id FROM counted c WHERE c.id = ANY (ids || wanted) OR c.heir = ANY (ended) ORDER BY c.id FOR UPDATE
  );
  IF cardinality(affected) > 0 THEN
    before := ARRAY(
      SELECT part FROM counted c, unnest(ARRAY[c.open, CASE WHEN c.heir IS NULL THEN c.kept END]) part
      WHERE c.id = ANY (affected)
    );
    UPDATE counted SET heir = NULL WHERE heir = ANY (ended);
    DELETE FROM counted WHERE id IN (
      SELECT u->>'id' FROM json_array_elements(uploads) u
      WHERE json_array_length(u->'open') = 0 AND json_array_length(u->'kept') = 0
    );
  END IF;
  IF taker IS NOT NULL THEN
    UPDATE counted c SET heir = taker WHERE c.id = ANY (wanted)
      AND (c.heir IS NULL OR c.heir = taker OR NOT EXISTS (SELECT 1 FROM counted h WHERE h.id = c.heir));
    IF (SELECT count(*) FROM counted c WHERE c.id = ANY (wanted) AND c.heir = taker) < cardinality(wanted) THEN
      RAISE EXCEPTION 'taken' USING ERRCODE = 'PW004';
    END IF;
  END IF;
  INSERT INTO counted (id, payer, kept, open, ahead)
  SELECT u->>'id', u->>'payer', u->>'kept', u->>'open', (u->>'ahead')::boolean FROM json_array_elements(uploads) u
  WHERE json_array_length(u->'open') > 0 OR json_array_length(u->'kept') > 0 ORDER BY 1
  ON CONFLICT (id) DO UPDATE SET kept = excluded.kept, open = excluded.open, ahead = excluded.ahead;

  IF named IS NOT NULL THEN
    new_folders := name_folders(named->>'payer', ARRAY(SELECT json_array_elements_text(named->'folders')));
  END IF;

  -- All add in one order, and at the end of their commits, so that they wait for each other shortly and in no circle.
  WITH changes AS MATERIALIZED (
    SELECT name, sum(files)::bigint AS files, sum(bytes)::bigint AS bytes,
      CASE WHEN bool_and(spread) THEN 1 + pg_backend_pid() % 16 ELSE 0 END AS shard
    FROM (
      SELECT e->>0 AS name, -(e->>1)::bigint AS files, -(e->>2)::bigint AS bytes, (e->>3)::boolean AS spread
      FROM unnest(before) part, json_array_elements(part::json) e
      UNION ALL
      SELECT e->>0, (e->>1)::bigint, (e->>2)::bigint, (e->>3)::boolean
      FROM counted c, unnest(ARRAY[c.open, CASE WHEN c.heir IS NULL THEN c.kept END]) part,
        json_array_elements(part::json) e
      WHERE c.id = ANY (ids || affected)
      UNION ALL
      SELECT 'folders ' || (named->>'payer'), new_folders, 0, false WHERE new_folders > 0
    ) counts GROUP BY name HAVING sum(files) <> 0 OR sum(bytes) <> 0
  ), added AS (
    INSERT INTO counters AS c SELECT name, shard, files, bytes FROM changes ORDER BY name
    ON CONFLICT (name, shard) DO UPDATE SET files = c.files + excluded.files, bytes = c.bytes + excluded.bytes
    RETURNING c.name, c.files, c.bytes
  ), sums AS (
    -- The rows of the same name that this commit does not add to are those from a time without a bound.
    SELECT d.name, d.files AS more_files, d.bytes AS more_bytes, a.files + coalesce(o.files, 0) AS files,
      a.bytes + coalesce(o.bytes, 0) AS bytes, (b->>1)::float8 AS max_files, (b->>2)::float8 AS max_bytes
    FROM json_array_elements(bounds) b
    JOIN changes d ON d.name = b->>0 AND (d.files > 0 OR d.bytes > 0)
    JOIN added a ON a.name = d.name
    CROSS JOIN LATERAL (
      SELECT sum(c.files)::bigint AS files, sum(c.bytes)::bigint AS bytes FROM counters c
      WHERE c.name = d.name AND c.shard <> d.shard
    ) o
  )
  SELECT json_agg(json_build_array(name, files - more_files, bytes - more_bytes, more_files, more_bytes)) INTO over
  FROM sums WHERE more_files > 0 AND files > max_files OR more_bytes > 0 AND bytes > max_bytes;
  IF over IS NOT NULL THEN
    RAISE EXCEPTION 'over' USING ERRCODE = 'PW003', DETAIL = over::text;
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
