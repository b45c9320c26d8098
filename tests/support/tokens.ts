import { addToken, type WantedToken } from "../../server/access/token_command.ts";
import { USUAL_RIGHTS } from "../../server/model/rights.ts";
import { createLinks } from "../../server/storage/kv/links.ts";
import { createTokens } from "../../server/storage/kv/tokens.ts";
import type { LinkStore } from "../../server/storage/link_store.ts";
import type { TokenStore } from "../../server/storage/token_store.ts";
import { testStore } from "./test_store.ts";

/** Does `work` with the tokens of a data folder, as `token` on the command line does. */
export async function withTokens<T>(data: string, work: (store: TokenStore) => Promise<T>): Promise<T> {
  const database = await testStore().openDatabase(data);
  try {
    return await work(createTokens(database));
  } finally {
    database.kv.close();
  }
}

/** Does `work` with the links of a data folder, as `link` on the command line does. */
export async function withLinks<T>(data: string, work: (store: LinkStore) => Promise<T>): Promise<T> {
  const database = await testStore().openDatabase(data);
  try {
    return await work(createLinks(database));
  } finally {
    database.kv.close();
  }
}

/** Adds a token to a data folder, and gives its secret. */
export async function addTestToken(
  data: string,
  { name, owner = name, rights = USUAL_RIGHTS, ...more }: Pick<WantedToken, "name"> & Partial<WantedToken>,
): Promise<string> {
  return await withTokens(data, (store) => addToken(store, { name, owner, rights, ...more }, Date.now()));
}

/** The header that a token goes in. */
export function bearer(secret: string): { Authorization: string } {
  return { Authorization: `Bearer ${secret}` };
}
