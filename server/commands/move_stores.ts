import { ConfigError } from "../config/config.ts";
import { createRecordKeys } from "../storage/kv/record_keys.ts";
import { formatOn, isUpToDate } from "../storage/kv/upgrade.ts";
import type { NewPlace, OldPlace } from "./open_places.ts";
import { openSharedStores, type SharedAddresses, type SharedStores } from "./shared_stores.ts";

/** The boot that all instances on shared stores write: bytes that the bucket has taken are safe. */
const BOOT = "shared";

/** Tells a line about what nobody waits for. */
type Tell = (line: string) => void;

/** Opens the stores that instances share as the old place of a move. Throws {@linkcode ConfigError}. */
export async function oldStores(addresses: SharedAddresses, tell: Tell): Promise<OldPlace> {
  const { stores, name, close } = await openAlone(addresses, { isNew: false, tell });
  const { database: { kv }, bytes, checkAlone } = stores;
  if (!await isUpToDate(kv, bytes.sameName)) {
    await close();
    throw new ConfigError("The database has no records of this version of Pawl: start the server once, and end it");
  }
  return { place: { name, kv, bytes, boot: BOOT }, checkAlone, [Symbol.asyncDispose]: close };
}

/** Opens the stores that instances share as the new place of a move. Throws {@linkcode ConfigError}. */
export async function newStores(addresses: SharedAddresses, tell: Tell): Promise<NewPlace> {
  const { stores, name, close } = await openAlone(addresses, { isNew: true, tell });
  const { database, bytes, checkAlone, occupant } = stores;
  const { sameName } = bytes;
  return {
    name,
    place: { database, keys: createRecordKeys(sameName), bytes, boot: BOOT, format: formatOn(sameName), occupant },
    checkAlone,
    [Symbol.asyncDispose]: close,
  };
}

interface Alone {
  readonly stores: SharedStores;
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** Opens the stores, and keeps other moves out until they are closed. */
async function openAlone(
  addresses: SharedAddresses,
  options: { readonly isNew: boolean; readonly tell: Tell },
): Promise<Alone> {
  const stores = await openSharedStores(addresses, options);
  const { promise: isFree, resolve: told } = Promise.withResolvers<boolean>();
  const { promise: closing, resolve: close } = Promise.withResolvers<void>();
  const work = stores.leases.alone("move", () => {
    told(true);
    return closing;
  });
  work.then(told, () => told(false));
  const closeAll = async () => {
    close();
    await work.catch(() => {});
    await stores[Symbol.asyncDispose]();
  };
  if (await isFree) return { stores, name: `the bucket ${stores.name}`, close: closeAll };
  await closeAll();
  throw new ConfigError("Another pawl move is at work on this database: wait for its end");
}
