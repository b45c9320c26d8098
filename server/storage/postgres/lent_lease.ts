import { takenOver } from "../../model/agree.ts";
import type { BytesChange, Lease } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";
import { type Held, valuesOf } from "./held.ts";

/** The things that {@linkcode lend} works with. */
interface LendingDeps {
  readonly connection: Connection;
  /** The leases of this instance, among which the lease is. */
  readonly held: Held;
}

/** Makes the lease of an instance that has the right to write: its token stands in the row. */
export function lend(
  { connection, held }: LendingDeps,
  { id, token, found }: Pick<Lease, "id" | "token" | "found">,
): Lease {
  let isReleased = false;
  return {
    id,
    token,
    found,

    async commit(state) {
      const lease = held.get(id);
      if (lease?.token === token) lease.left = undefined;
      if (!await change(connection, { id, token }, { state })) throw takenOver();
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
      const { left, isOver = false } = lease?.token === token ? lease : {};
      try {
        if (isOver) return;
        if (await change(connection, { id, token }, { state: left?.state, letsGo: clean })) left?.committed();
      } finally {
        held.remove(id, token);
      }
    },
  };
}

/** Commits what a lease asks for; false when it is lost. */
async function change(
  connection: Connection,
  { id, token }: Pick<Lease, "id" | "token">,
  { state, letsGo }: { state?: BytesChange | undefined; letsGo?: boolean },
): Promise<boolean> {
  const values = state === undefined ? [] : valuesOf(state);
  const [row] = await connection.query<{ done: boolean }>("SELECT change_bytes($1, $2, $3::text::json, $4) AS done", [
    id,
    token,
    JSON.stringify(values),
    letsGo ?? null,
  ]);
  return row?.done ?? false;
}
