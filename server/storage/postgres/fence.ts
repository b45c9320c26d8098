import { isTakenOver, takenOver } from "../../model/agree.ts";
import type { Connection } from "./connection.ts";
import { type HeldLease, newToken } from "./held.ts";

/**
 * Keeps late commits of a lease out. A commit that failed may still lie in the network, or wait in the database. Done after
 * what its writer commits next, it would bring back a record and a layout whose bytes are gone. So nothing more is
 * committed by the same token: the row gets a new one first.
 *
 * Resolves when no earlier commit by the lease can be done any more. Asks the database only after one that failed. Throws
 * `taken-over` when the lease is lost, and `no-database`.
 */
export async function keepLateOut(connection: Connection, lease: HeldLease): Promise<void> {
  while (lease.isInDoubt) {
    lease.changing ??= changeToken(connection, lease).finally(() => lease.changing = undefined);
    await lease.changing;
  }
}

/**
 * Resolves when no earlier commit by the lease can be done any more, so that what is read then is what its writer has
 * committed, unless the lease is lost: then it is what others have. Throws `no-database`.
 */
export async function untilSettled(connection: Connection, lease: HeldLease): Promise<void> {
  try {
    await keepLateOut(connection, lease);
  } catch (error) {
    if (!isTakenOver(error)) throw error;
  }
}

/** A change that is done late itself is harmless: the row has the new token then already, or one that this does not name. */
async function changeToken(connection: Connection, lease: HeldLease): Promise<void> {
  const { id, token } = lease;
  const next = lease.nextToken ??= newToken();
  const rows = await connection.query(
    "UPDATE bytes SET token = $3 WHERE id = $1 AND token IN ($2, $3) RETURNING 1 AS one",
    [id, token, next],
  );
  if (rows.length === 0) throw takenOver();
  Object.assign(lease, { token: next, nextToken: undefined, isInDoubt: false });
}
