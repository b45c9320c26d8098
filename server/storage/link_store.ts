import type { Link } from "../model/link.ts";

/** A link, and what has come or gone by it. */
export interface ListedLink {
  readonly link: Link;
  /** How many files came by an upload link and are not over, or how many visitors have downloaded. */
  readonly count: number;
  /** How many bytes an upload link's files have or will have, as far as it is known; 0 for a download link. */
  readonly bytes: number;
}

/** A visitor of a download link, who counts once until `expiresAt` by the machine's clock. */
export interface LinkVisit {
  /** A text that is the same for the same visitor. */
  readonly visitor: string;
  readonly expiresAt: number;
}

/** The store of the links. Every change is on disk when its promise resolves. */
export interface LinkStore {
  find(hash: string): Promise<Link | undefined>;
  /** The links of an owner, or without one all links, those that were made last first. */
  list(owner?: string): Promise<ListedLink[]>;
  /** Adds a link; false when its owner has `max` links already. Expired ones are removed before that. */
  add(link: Link, max: number): Promise<boolean>;
  /** Removes the link of that id, of `owner` if one is given. Gives its hash; `undefined` when there is none. */
  remove(id: string, owner?: string): Promise<string | undefined>;
  /** How many visitors have downloaded by a link. */
  downloads(hash: string): Promise<number>;
  /** True when a visitor has been counted, and counts until now. */
  hasVisited(hash: string, visitor: string, now: number): Promise<boolean>;
  /**
   * Counts one more visitor of a download link; false, and nothing has changed, when the link is used up or gone. A
   * visitor that is counted already is not counted again. Without a `visit` every call counts.
   */
  countDownload(hash: string, visit: LinkVisit | undefined, now: number): Promise<boolean>;
}
