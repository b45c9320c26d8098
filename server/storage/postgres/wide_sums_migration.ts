/** The migration that gives the sums room for any number of uploads, and counts no upload twice that was never counted. */
export const WIDE_SUMS = `
-- A bigint has room for some thousand uploads of the greatest length that may be declared. With one more nobody could
-- begin any upload.
ALTER TABLE counters ALTER COLUMN bytes TYPE numeric;

-- Does what change_entries does, and counts in the same commit. What is reserved ahead of the records (no entry changes
-- then) does not count for an upload of an earlier version that no commit of its record has counted: those alone wait for
-- each other, and of two first counts at one moment neither would see the other.
CREATE OR REPLACE FUNCTION change_counted(
  checked json, put json, removed json, leased json, uploads json, bounds json, named json
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  PERFORM change_entries(checked, put, removed, leased);
  IF json_array_length(put) = 0 AND json_array_length(removed) = 0 AND EXISTS (
    SELECT 1 FROM json_array_elements(uploads) u WHERE NOT EXISTS (SELECT 1 FROM counted c WHERE c.id = u->>'id')
  ) THEN RETURN; END IF;
  PERFORM count_uploads(uploads, bounds, named);
END $$;
`;
