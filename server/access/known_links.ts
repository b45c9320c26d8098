import { isOver, type Link } from "../model/link.ts";
import type { LinkStore } from "../storage/link_store.ts";
import { BELIEVED_MS } from "./known_tokens.ts";
import { ShortCache } from "./short_cache.ts";

const MAX_ENTRIES = 10_000;

export interface KnownLinksOptions {
  readonly store: LinkStore;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}

/** The links, as requests look them up: from memory, or from the store once a second. */
export class KnownLinks {
  /** The store itself, for what is counted and changed. */
  readonly store: LinkStore;
  readonly #now: () => number;
  readonly #links: ShortCache<Link | undefined>;

  constructor({ store, now, monotonic }: KnownLinksOptions) {
    this.store = store;
    this.#now = now;
    this.#links = new ShortCache((hash) => store.find(hash), {
      lifeMs: BELIEVED_MS,
      maxEntries: MAX_ENTRIES,
      monotonic,
    });
  }

  /** Finds the link of a hash; `undefined` for one that is not known, is of the other kind, or has expired. */
  async find<Kind extends Link["kind"]>(
    hash: string,
    kind: Kind,
  ): Promise<Extract<Link, { kind: Kind }> | undefined> {
    const link = await this.#links.get(hash);
    // Wrong guesses must not push out what is kept.
    if (link === undefined) this.#links.forget(hash);
    if (link === undefined || link.kind !== kind || isOver(link, this.#now())) return undefined;
    return link as Extract<Link, { kind: Kind }>;
  }

  /** Removes a link, of `owner` if one is given; false when there is none. */
  async remove(id: string, owner?: string): Promise<boolean> {
    const hash = await this.store.remove(id, owner);
    if (hash !== undefined) this.#links.forget(hash);
    return hash !== undefined;
  }
}
