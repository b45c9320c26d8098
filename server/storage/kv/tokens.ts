import { randomBytes } from "node:crypto";
import type { ListedToken, Token, TokenStore } from "../token_store.ts";
import type { Database } from "./database.ts";

/** How often an addition is tried again when another process has changed what it depends on. */
const ATTEMPTS = 5;

/**
 * Makes the store of the tokens in the database of the records. The table lists all its keys and values:
 *
 * | key                     | value                                                                  |
 * | ----------------------- | ---------------------------------------------------------------------- |
 * | `["token", hash]`       | the token, without its secret                                          |
 * | `["token-name", name]`  | the hash of the token of that name                                     |
 * | `["token-used", hash]`  | when the token was last used                                           |
 * | `["had-token"]`         | `true` from the first token on, also when all are removed              |
 * | `["session-key"]`       | the key by which sessions are signed                                   |
 * | `["session-ended", id]` | when a session that was signed out would have expired                  |
 */
export function createTokens({ kv, commit }: Database): TokenStore {
  const find = async (hash: string) => (await kv.get<Token>(["token", hash])).value ?? undefined;

  return {
    find,

    async list() {
      const tokens: ListedToken[] = [];
      for await (const { value: token } of kv.list<Token>({ prefix: ["token"] })) {
        const usedAt = (await kv.get<number>(["token-used", token.hash])).value;
        tokens.push({ ...token, ...usedAt !== null && { usedAt } });
      }
      return tokens.sort((one, other) => one.name < other.name ? -1 : 1);
    },

    async add(token) {
      return await commit({
        checks: [{ key: ["token-name", token.name], versionstamp: null }],
        set: [[["token", token.hash], token], [["token-name", token.name], token.hash], [["had-token"], true]],
      });
    },

    async remove(name) {
      const entry = await kv.get<string>(["token-name", name]);
      if (entry.value === null) return false;
      const remove = [entry.key, ["token", entry.value], ["token-used", entry.value]];
      return await commit({ checks: [entry], remove });
    },

    async markUsed(hash, usedAt) {
      const token = await kv.get<Token>(["token", hash]);
      if (token.value !== null) await commit({ checks: [token], set: [[["token-used", hash], usedAt]] });
    },

    async hadToken() {
      return (await kv.get(["had-token"])).value !== null;
    },

    async sessionKey() {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const entry = await kv.get<Uint8Array>(["session-key"]);
        if (entry.value !== null) return entry.value;
        await commit({ checks: [entry], set: [[["session-key"], new Uint8Array(randomBytes(32))]] });
      }
      throw new Error("Cannot make the key of the sessions: other processes change it again and again");
    },

    async endSession(id, expiresAt, now) {
      const remove: Deno.KvKey[] = [];
      for await (const { key, value } of kv.list<number>({ prefix: ["session-ended"] })) {
        if (value <= now) remove.push(key);
        if (remove.length === 100) break;
      }
      await commit({ set: [[["session-ended", id], expiresAt]], remove });
    },

    async isEnded(id) {
      return (await kv.get(["session-ended", id])).value !== null;
    },
  };
}
