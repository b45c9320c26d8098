/**
 * The migration that makes the commit of an append short: what is written for a lease is read once, and not anew for each of
 * its values, and a commit that removes nothing does not look for what it removes.
 */
export const APPENDS = `
-- Makes one change of a row for the writer of a token; false, and nothing has changed, when the writer has lost it.
--   state    [layout, length, whether there is a multipart upload, [[multipart, first number, [ETag, ...]], ...]], or []
--            when the state stays
--   lets_go  true or false when the writer lets go: whether all that it sent is in the layout
CREATE FUNCTION change_bytes(wanted text, own_token text, state jsonb, lets_go boolean) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  has_state boolean := jsonb_array_length(state) > 0;
BEGIN
  UPDATE bytes SET
    layout = CASE WHEN has_state THEN state->>0 ELSE layout END,
    length = CASE WHEN has_state THEN (state->>1)::bigint ELSE length END,
    multipart_since = CASE WHEN NOT has_state THEN multipart_since
      WHEN (state->>2)::boolean THEN coalesce(multipart_since, clock_timestamp()) END,
    written_by = CASE WHEN has_state THEN token ELSE written_by END,
    token = CASE WHEN lets_go IS NULL THEN token END,
    holder = CASE WHEN lets_go IS NULL THEN holder END,
    clean = coalesce(lets_go, clean),
    touched_at = clock_timestamp()
  WHERE id = wanted AND token = own_token;
  IF NOT FOUND THEN RETURN false; END IF;
  IF has_state AND jsonb_array_length(state->3) > 0 THEN
    -- OFFSET keeps the texts from being taken out anew for each ETag.
    INSERT INTO parts SELECT wanted, sent.multipart, sent.first + e.at - 1, e.etag FROM (
      SELECT p->>0 AS multipart, (p->>1)::int AS first, p->2 AS etags FROM jsonb_array_elements(state->3) p OFFSET 0
    ) sent, jsonb_array_elements_text(sent.etags) WITH ORDINALITY e(etag, at) ON CONFLICT DO NOTHING;
  END IF;
  RETURN true;
END $$;

-- Makes one change of entries. Fails with PW001 when a lease is lost, and with PW002 when an entry is not as it was
-- read; nothing has changed then. Keys are in hexadecimal.
--   checked  [[key, version or null when there must be no entry], ...]
--   put      [[key, value], ...]
--   removed  [key, ...]
--   leased   [[id, token, state, lets go], ...], as change_bytes takes them
CREATE OR REPLACE FUNCTION change_entries(checked json, put json, removed json, leased json) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  own_version uuid := gen_random_uuid();
  lease jsonb;
  expected bigint;
  found_count bigint;
BEGIN
  FOR lease IN SELECT l FROM jsonb_array_elements(leased::jsonb) l LOOP
    IF lease->>3 IS NULL AND jsonb_array_length(lease->2) = 0 THEN
      PERFORM 1 FROM bytes WHERE id = lease->>0 AND token = lease->>1 FOR SHARE;
      IF NOT FOUND THEN RAISE EXCEPTION 'taken-over' USING ERRCODE = 'PW001'; END IF;
    ELSIF NOT change_bytes(lease->>0, lease->>1, lease->2, (lease->>3)::boolean) THEN
      RAISE EXCEPTION 'taken-over' USING ERRCODE = 'PW001';
    END IF;
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

  IF json_array_length(removed) + json_array_length(checked) > 0 THEN
    DELETE FROM entries WHERE key IN (
      SELECT decode(r, 'hex') FROM json_array_elements_text(removed) r
      UNION ALL SELECT decode(c->>0, 'hex') FROM json_array_elements(checked) c WHERE c->>1 IS NULL
    ) AND key NOT IN (SELECT decode(p->>0, 'hex') FROM json_array_elements(put) p);
  END IF;

  INSERT INTO entries SELECT decode(p->>0, 'hex'), p->>1, own_version FROM json_array_elements(put) p ORDER BY 1
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version;
END $$;
`;
