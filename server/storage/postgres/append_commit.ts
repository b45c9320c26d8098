import type { Value } from "./pool.ts";
import type { NamedLease } from "./held.ts";

/**
 * Changes a row and its upload's record, for the writer of a token: what `change_entries` and `change_bytes` do with one
 * record and one state without new parts (`appends_migration.ts`). No row comes back, and nothing has changed, when the
 * writer has lost the upload.
 */
const APPEND = "WITH own AS (UPDATE bytes SET layout = $3, length = $4::text::bigint, " +
  "multipart_since = CASE WHEN $5 THEN coalesce(multipart_since, clock_timestamp()) END, written_by = token, " +
  "token = CASE WHEN $6::boolean IS NULL THEN token END, holder = CASE WHEN $6::boolean IS NULL THEN holder END, " +
  "clean = coalesce($6::boolean, clean), touched_at = clock_timestamp() WHERE id = $1 AND token = $2 RETURNING 1) " +
  "INSERT INTO entries SELECT decode($7, 'hex'), $8, gen_random_uuid() FROM own " +
  "ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version RETURNING 1 AS one";

/** The statement of a commit, and its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Value[];
}

/**
 * The statement of the commonest commit, that of an append, which takes the database half of the time: it reads no JSON.
 * `undefined` for a commit that puts another number of records, names another number of leases, or has new parts.
 */
export function appendCommit(
  put: readonly (readonly [key: string, value: string])[],
  leases: readonly NamedLease[],
): Statement | undefined {
  const [record, ...records] = put;
  const [named, ...others] = leases;
  if (record === undefined || named?.left === undefined || records.length + others.length > 0) return undefined;
  const { lease, token, left: { state }, letsGo } = named;
  if ((state.newParts ?? []).length > 0) return undefined;
  return {
    text: APPEND,
    values: [
      lease.id,
      token,
      JSON.stringify(state.layout),
      String(state.length),
      state.isMultipart,
      letsGo ?? null,
      ...record,
    ],
  };
}
