import { isTakenOver, takenOver } from "../../model/agree.ts";
import type { BytesChange, BytesRow, Lease } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";
import { keepLateOut } from "./fence.ts";
import { hasParts, type Held, type HeldLease, inDoubt, valuesOf } from "./held.ts";
import type { Resting } from "./resting.ts";

/** Lends an upload whose row was found so. */
export type Lend = (lease: HeldLease, found: BytesRow) => Lease;

/** Makes the leases of this instance's writers. All that they commit names their token. */
export function createLend(connection: Connection, held: Held, resting: Resting): Lend {
  /** Commits what a lease asks for. Throws `taken-over` when it is lost. */
  async function change(
    lease: HeldLease,
    { state, letsGo }: { state?: BytesChange | undefined; letsGo?: boolean },
  ): Promise<void> {
    await keepLateOut(connection, lease);
    const { id, token } = lease;
    const values = state === undefined ? [] : valuesOf(state);
    const [row] = await connection.query<{ done: boolean }>(
      "SELECT change_bytes($1, $2, $3::text::jsonb, $4) AS done",
      [
        id,
        token,
        JSON.stringify(values),
        letsGo ?? null,
      ],
    ).catch((error) => {
      inDoubt({ lease, token });
      throw error;
    });
    if (!row?.done) throw takenOver();
  }

  return (lease, found) => {
    const { id } = lease;
    let isReleased = false;
    /** The row may have this token still, for the next writer. */
    function checkNotReleased(): void {
      if (isReleased) throw takenOver();
    }
    return {
      id,
      found,

      get token() {
        return lease.token;
      },

      async commit(state) {
        checkNotReleased();
        lease.left = undefined;
        if (hasParts(state)) lease.hasNewParts = true;
        await change(lease, { state });
      },

      async check() {
        checkNotReleased();
        await change(lease, {});
        lease.isUnverified = false;
      },

      async verify() {
        if (!lease.isUnverified) return;
        await change(lease, {});
        lease.isUnverified = false;
      },

      commitWithRecord(state, committed = () => {}) {
        lease.left = { state, committed };
      },

      releaseWithRecord(clean) {
        lease.letsGo = clean;
        lease.mayRest = clean && resting.noteWriter(lease);
      },

      nextNumber: () => ++lease.numbers,

      async etags(multipart) {
        // Rows of the first version have given the same parts to an upload and to the one that adopted its layout.
        const rows = await connection.query<{ etag: string }>(
          "SELECT DISTINCT ON (p.number) p.etag FROM bytes b JOIN parts p ON p.id = ANY(b.origins) AND p.multipart = $2 WHERE b.id = $1 " +
            "ORDER BY p.number",
          [id, multipart],
        );
        return rows.map(({ etag }) => etag);
      },

      abandon() {
        isReleased = true;
        held.remove(lease);
      },

      async release(clean) {
        if (isReleased) return;
        isReleased = true;
        const { left, isOver, rested } = lease;
        try {
          if (rested !== undefined) return await resting.rest(lease);
          if (isOver) return;
          await change(lease, { state: left?.state, letsGo: clean });
          left?.committed();
        } catch (error) {
          if (!isTakenOver(error)) throw error;
        } finally {
          held.remove(lease);
        }
      },
    };
  };
}
