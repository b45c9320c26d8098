import { takenOver } from "../../model/agree.ts";
import type { BytesChange, BytesRow, Lease } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";
import { type Held, valuesOf } from "./held.ts";

/** Lends an upload whose row has this token now: gives the lease. */
export type Lend = (id: string, token: string, found: BytesRow) => Lease;

/** Makes the leases of this instance's writers. All that they commit names their token. */
export function createLend(connection: Connection, held: Held): Lend {
  /** Commits what a lease asks for; false when it is lost. */
  async function change(
    id: string,
    token: string,
    { state, letsGo }: { state?: BytesChange | undefined; letsGo?: boolean },
  ): Promise<boolean> {
    const values = state === undefined ? [] : valuesOf(state);
    const [row] = await connection.query<{ done: boolean }>(
      "SELECT change_bytes($1, $2, $3::text::jsonb, $4) AS done",
      [
        id,
        token,
        JSON.stringify(values),
        letsGo ?? null,
      ],
    );
    return row?.done ?? false;
  }

  return (id, token, found) => {
    let isReleased = false;
    return {
      id,
      token,
      found,

      async commit(state) {
        const lease = held.get(id);
        if (lease?.token === token) lease.left = undefined;
        const isDone = await change(id, token, { state }).catch((error) => {
          held.inDoubt({ id, token });
          throw error;
        });
        if (!isDone) throw takenOver();
        if (lease?.token === token) lease.committed = state;
      },

      async check() {
        if (!await change(id, token, {})) throw takenOver();
      },

      commitWithRecord(state, committed = () => {}) {
        const lease = held.get(id);
        if (lease?.token === token) lease.left = { state, committed };
      },

      releaseWithRecord(clean) {
        const lease = held.get(id);
        if (lease?.token === token) lease.letsGo = clean;
      },

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
        held.remove(id, token);
      },

      async release(clean) {
        if (isReleased) return;
        isReleased = true;
        const lease = held.get(id);
        const { left, isOver = false, isInDoubt = false, committed } = lease?.token === token ? lease : {};
        try {
          if (isOver) return;
          // A commit that nobody waits for any more may have come after later ones, and can come no more after this.
          const state = left?.state ?? (isInDoubt ? committed : undefined);
          if (await change(id, token, { state, letsGo: clean })) left?.committed();
        } finally {
          held.remove(id, token);
        }
      },
    };
  };
}
