import { assert, assertEquals } from "@std/assert";
import { createSameName } from "../../server/model/same_name.ts";
import { newUpload, type ReceivingUpload } from "../../server/model/upload.ts";
import { createRecords } from "../../server/storage/kv/records.ts";
import { type Connection, createConnection } from "../../server/storage/postgres/connection.ts";
import { createEntries } from "../../server/storage/postgres/entries.ts";
import { Held } from "../../server/storage/postgres/held.ts";
import { createLeases } from "../../server/storage/postgres/leases.ts";
import type { BytesState, Lease, WritersOfInstance } from "../../server/storage/shared/leases.ts";
import { openSchema, type PostgresServer } from "./postgres.ts";
import { PATIENCE_MS } from "./until.ts";

/** Writers that let everybody have what they are asked for. */
const IDLE: WritersOfInstance = {
  stop: () => Promise.resolve(),
  settle: () => Promise.resolve(),
  follow: () => Promise.resolve(true),
  holds: () => false,
};

/** The state of an upload with so many bytes. */
export const stateOf = (length: number): BytesState => ({ layout: { length }, length, isMultipart: false });

/** A lease that was taken. Throws when it was not. */
export function lent(taken: Lease | "locked" | "receiving" | undefined): Lease {
  assert(typeof taken === "object", String(taken));
  return taken;
}

interface InstanceOptions {
  readonly restMs?: number;
  readonly silenceMs?: number;
  readonly follow?: WritersOfInstance["follow"];
}

/** An instance on a schema, whose statements are counted, and which can become deaf to the others. */
export async function openLeaseInstance(
  url: string,
  { restMs = PATIENCE_MS, silenceMs = PATIENCE_MS, follow = IDLE.follow }: InstanceOptions = {},
) {
  const connection = createConnection(url, { deadlineMs: PATIENCE_MS });
  const statements: string[] = [];
  let isDeaf = false;
  const counted: Connection = {
    ...connection,
    query(text, values) {
      statements.push(text);
      return connection.query(text, values);
    },
    listen: (channel, heard, listening) => connection.listen(channel, (text) => isDeaf || heard(text), listening),
  };
  const held = new Held();
  const leases = createLeases(counted, held, { restMs, silenceMs, patienceMs: PATIENCE_MS });
  leases.serve({ ...IDLE, follow });
  await leases.listening;
  const records = await createRecords(createEntries(counted, held), createSameName({ ignoresCase: false }));

  /** Goes on by a lease: leaves the layout, lets go with the record, and closes the writer. */
  async function commit(lease: Lease, length: number): Promise<void> {
    const upload = await records.get(lease.id) as ReceivingUpload;
    lease.commitWithRecord(stateOf(length));
    lease.releaseWithRecord(true);
    await records.replace(upload, { ...upload, offset: length });
    await lease.release(true);
  }

  return {
    leases,
    records,
    commit,
    becomeDeaf: (deaf = true) => void (isDeaf = deaf),
    /** The statements since the last call. */
    statements: () => statements.splice(0),
    /** Appends one byte, as a request does that begins at `offset`. Gives the lease that it had. */
    async append(id: string, offset: number): Promise<Lease> {
      const lease = lent(await leases.take(id, offset));
      assertEquals(lease.found.length, offset);
      await commit(lease, offset + 1);
      return lease;
    },
    async [Symbol.asyncDispose]() {
      await leases[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}

/** An instance that has leases and records. */
export type LeaseInstance = Awaited<ReturnType<typeof openLeaseInstance>>;

/** Begins an upload, and lets the instance append `count` bytes to it, each by a writer of its own. */
export async function begin({ leases, records, append }: LeaseInstance, id: string, count = 3): Promise<void> {
  const facts = { id, now: 1, serviceNow: 1, expireAfterMs: 1e6, boot: "b", durable: true };
  await records.create(newUpload({ owner: "anna", name: "x", folders: [], length: 1000 }, facts));
  await lent(await leases.create(id, { length: 0 })).release(true);
  for (let offset = 0; offset < count; offset++) await append(id, offset);
}

/** The token in an upload's row, and whether its last writer has let go by itself. */
export async function rowOf(connection: Connection, id: string): Promise<{ token: string | null; clean: boolean }> {
  const [row] = await connection.query<{ token: string | null; clean: boolean }>(
    "SELECT token, clean FROM bytes WHERE id = $1",
    [id],
  );
  return row!;
}

/** A schema of its own, and a connection to look into it. */
export async function openLeaseSchema(server: PostgresServer) {
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  return { ...connection, [Symbol.asyncDispose]: () => connection.close() };
}
