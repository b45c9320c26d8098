import { delay } from "@std/async/delay";
import { UploadError } from "../../errors.ts";
import { isOver, type Link } from "../../model/link.ts";
import { listOfLink } from "../../model/owner.ts";
import { reservedBytes, type Upload } from "../../model/upload.ts";
import type { LinkStore, LinkVisit, ListedLink } from "../link_store.ts";
import type { Database } from "./database.ts";

/** How often a change is tried again when another process has changed what it depends on. */
const ATTEMPTS = 20;

/** The most entries that one commit removes. */
const MAX_REMOVED = 100;

/** After how many counted downloads the visits that are past their time are removed. */
const REMOVE_EVERY = 50;

/**
 * Makes the store of the links in the database of the records. The table lists all its keys and values:
 *
 * | key                             | value                                                                     |
 * | ------------------------------- | ------------------------------------------------------------------------- |
 * | `["link", hash]`                | the link, without its secret                                              |
 * | `["link-id", id]`               | the hash of the link of that id                                           |
 * | `["link-of", owner, id]`        | the hash of a link, for the list of its owner                             |
 * | `["link-last", owner]`          | the id of the link that was added last                                    |
 * | `["link-count", hash]`          | how many visitors have downloaded                                         |
 * | `["link-visit", hash, visitor]` | when a visitor that was counted counts as a new one                       |
 */
export function createLinks({ kv, commit }: Database): LinkStore {
  const find = async (hash: string) => (await kv.get<Link>(["link", hash])).value ?? undefined;
  const downloads = async (hash: string) => (await kv.get<number>(["link-count", hash])).value ?? 0;

  /** Counts what came by an upload link and is not over, as `record_keys.ts` lists it. */
  async function received({ owner, id }: Link): Promise<Pick<ListedLink, "count" | "bytes">> {
    let [count, bytes] = [0, 0];
    for await (const { value } of kv.list<string>({ prefix: ["of", listOfLink(owner, id)] })) {
      const upload = (await kv.get<Upload>(["upload", value])).value;
      if (upload === null || upload.state === "gone") continue;
      if (upload.state === "complete" || upload.partial === undefined) count++;
      bytes += upload.state === "complete" ? upload.length : reservedBytes(upload);
    }
    return { count, bytes };
  }

  async function hashesOf(owner: string, limit: number): Promise<string[]> {
    const hashes: string[] = [];
    for await (const { value } of kv.list<string>({ prefix: ["link-of", owner] }, { limit })) hashes.push(value);
    return hashes;
  }

  async function linksOf(owner: string | undefined): Promise<Link[]> {
    if (owner !== undefined) {
      const found = await Promise.all((await hashesOf(owner, MAX_LISTED)).map(find));
      return found.filter((link) => link !== undefined);
    }
    const links: Link[] = [];
    for await (const { value } of kv.list<Link>({ prefix: ["link"] }, { limit: MAX_LISTED })) links.push(value);
    return links;
  }

  /** The keys of a link's visits, or of those only that are past their time `now`. */
  async function visitsOf(hash: string, now = Infinity): Promise<Deno.KvKey[]> {
    const keys: Deno.KvKey[] = [];
    for await (const { key, value } of kv.list<number>({ prefix: ["link-visit", hash] })) {
      if (value <= now) keys.push(key);
      if (keys.length === MAX_REMOVED) break;
    }
    return keys;
  }

  const counting = new Map<string, Promise<void>>();

  async function countDownload(hash: string, visit: LinkVisit | undefined, now: number): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [link, counted, visited] = await kv.getMany<[Link, number, number]>([
        ["link", hash],
        ["link-count", hash],
        ["link-visit", hash, visit?.visitor ?? ""],
      ]);
      if (link.value?.kind !== "download" || isOver(link.value, now)) return false;
      if (visit !== undefined && (visited.value ?? 0) > now) return true;
      const count = counted.value ?? 0;
      if (count >= (link.value.maxDownloads ?? Infinity)) return false;
      const isDone = await commit({
        checks: [link, counted, ...visit === undefined ? [] : [visited]],
        set: [[counted.key, count + 1], ...visit === undefined ? [] : [[visited.key, visit.expiresAt] as const]],
      });
      if (!isDone) {
        // Several instances that count at the same time would meet each other again and again.
        await delay(Math.random() * 2 * attempt);
        continue;
      }
      if ((count + 1) % REMOVE_EVERY === 0) await commit({ remove: await visitsOf(hash, now) });
      return true;
    }
    throw new UploadError("too-many", "Very many people use this link just now: try again in a few seconds");
  }

  async function remove(id: string, owner?: string): Promise<string | undefined> {
    // An owner's links are looked for among its own alone, so time does not tell what others have.
    const entry = await kv.get<string>(owner === undefined ? ["link-id", id] : ["link-of", owner, id]);
    if (entry.value === null) return undefined;
    const hash = entry.value;
    const link = await find(hash);
    if (link === undefined) return undefined;
    const own: Deno.KvKey[] = [["link-id", id], ["link", hash], ["link-of", link.owner, id], ["link-count", hash]];
    if (!await commit({ checks: [entry], remove: own })) return undefined;
    for (let keys = await visitsOf(hash); keys.length > 0; keys = await visitsOf(hash)) {
      await commit({ remove: keys });
    }
    return hash;
  }

  /** Removes the links of an owner that have expired by `now`. */
  async function removeExpired(owner: string, now: number): Promise<void> {
    for (const hash of await hashesOf(owner, MAX_LISTED)) {
      const link = await find(hash);
      if (link !== undefined && isOver(link, now)) await remove(link.id);
    }
  }

  return {
    find,
    downloads,

    async list(owner) {
      const listed: ListedLink[] = [];
      for (const link of await linksOf(owner)) {
        const amount = link.kind === "upload" ? await received(link) : { count: await downloads(link.hash), bytes: 0 };
        listed.push({ link, ...amount });
      }
      return listed.sort((one, other) => other.link.createdAt - one.link.createdAt);
    },

    async add(link, max) {
      const { hash, id, owner } = link;
      const isFull = async () => (await hashesOf(owner, max)).length === max;
      if (await isFull()) await removeExpired(owner, link.createdAt);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        // One of two that are added at the same time fails, and looks again.
        const last = await kv.get<string>(["link-last", owner]);
        if (await isFull()) return false;
        const isAdded = await commit({
          checks: [last, { key: ["link-id", id], versionstamp: null }],
          set: [[["link", hash], link], [["link-id", id], hash], [["link-of", owner, id], hash], [last.key, id]],
        });
        if (isAdded) return true;
      }
      throw new Error("Cannot add a link: other processes add links at the same time again and again");
    },

    remove,

    async hasVisited(hash, visitor, now) {
      return ((await kv.get<number>(["link-visit", hash, visitor])).value ?? 0) > now;
    },

    countDownload(hash, visit, now) {
      const before = counting.get(hash) ?? Promise.resolve();
      const counted = before.then(() => countDownload(hash, visit, now));
      // One waits for the other: many at once would fail each other's commits.
      const ended = counted.catch(() => {}).then(() => void (counting.get(hash) === ended && counting.delete(hash)));
      counting.set(hash, ended);
      return counted;
    },
  };
}

/** The most links that are listed. */
const MAX_LISTED = 10_000;
