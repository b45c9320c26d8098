import { type Access, type AccessDeps, openAccess } from "./access/access.ts";
import type { Config } from "./config/config.ts";
import type { Database } from "./storage/kv/database.ts";
import { createEvents, type Outbox } from "./storage/kv/events.ts";
import type { EventStore } from "./storage/event_store.ts";
import { createLinks } from "./storage/kv/links.ts";
import { createRecords } from "./storage/kv/records.ts";
import { createTokens } from "./storage/kv/tokens.ts";
import type { ByteStore, RecordStore } from "./storage/store.ts";
import type { Tally } from "./storage/tally.ts";

/** The stores in a server's database, and the access that is built on two of them. */
export interface Stored {
  /** Closing them closes the database. */
  readonly records: RecordStore;
  readonly events: EventStore;
  readonly access: Access;
}

/** The dependencies of {@linkcode openStored}. */
export interface StoredDeps extends Omit<AccessDeps, "store" | "linkStore"> {
  readonly bytes: Pick<ByteStore, "sameName" | "freeBytes">;
  readonly outbox: Outbox;
  readonly tally: Tally;
  /** Opens the database. */
  readonly openDatabase: () => Promise<Database>;
}

/** Opens the database, and what is in it. Throws an `ENOSPC` error when the disk is too full for it. */
export async function openStored(
  config: Config,
  { bytes, outbox, tally, openDatabase, ...deps }: StoredDeps,
): Promise<Stored> {
  try {
    return await open();
  } catch (error) {
    // On a full disk the database fails to open with an error that does not say so.
    throw bytes.freeBytes() < DATABASE_NEEDS ? diskFull(error) : error;
  }

  async function open(): Promise<Stored> {
    const database = await openDatabase();
    try {
      const stores = { store: createTokens(database), linkStore: createLinks(database) };
      const access = await openAccess(config, { ...deps, ...stores });
      const records = await createRecords(database, bytes.sameName, { outbox, tally });
      return { records, access, events: createEvents(database) };
    } catch (error) {
      database.kv.close();
      throw error;
    }
  }
}

/** The free space in bytes, rounded up, that the database needs when it is opened. */
const DATABASE_NEEDS = 256 * 1024;

function diskFull(cause: unknown): Error {
  return Object.assign(new Error("No space left on the disk", { cause }), { code: "ENOSPC" });
}
