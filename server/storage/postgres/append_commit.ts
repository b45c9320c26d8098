import type { Value } from "./pool.ts";
import { hasParts, type NamedLease } from "./held.ts";

/** Gives one row, whose `done` is false when the writer has lost the upload. */
const APPEND = "SELECT commit_append($1, $2, $3, $4, $5, $6, $7, $8) AS done";

/** The statement of a commit, and its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Value[];
}

/**
 * The statement of the commonest commit, that of an append (`append_commit_migration.ts`).
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
  if (hasParts(state)) return undefined;
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
