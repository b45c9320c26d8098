/**
 * The migration that makes the commonest commit, that of an append, without JSON. It also makes `take_bytes` find its row by
 * the key, whatever the tables were when its plan was made.
 */
export const APPEND_COMMIT = `
-- Does what change_entries does, for one record, and for the writer of one token that leaves a state without new parts.
-- False, and nothing has changed, when the writer has lost the upload.
CREATE FUNCTION commit_append(wanted text, own_token text, new_layout text, new_length text, multipart boolean,
  lets_go boolean, record_key text, record text) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  UPDATE bytes SET
    layout = new_layout,
    length = new_length::bigint,
    multipart_since = CASE WHEN multipart THEN coalesce(multipart_since, clock_timestamp()) END,
    written_by = token,
    token = CASE WHEN lets_go IS NULL THEN token END,
    holder = CASE WHEN lets_go IS NULL THEN holder END,
    clean = coalesce(lets_go, clean),
    touched_at = clock_timestamp()
  WHERE id = wanted AND token = own_token;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO entries VALUES (decode(record_key, 'hex'), record, gen_random_uuid())
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version;
  RETURN true;
END $$;

ALTER FUNCTION take_bytes(text, text, text, text, text) SET enable_seqscan = off;
`;
