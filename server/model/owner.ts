import type { FileFacts, LinkLimits } from "./upload.ts";

/** The owner of the uploads of everybody who has not signed in, on a server that lets anybody in. */
export const ANONYMOUS = "anonymous";

/** Stands between the parts of the owner of what came by an upload link. No token and no user can have it in its name. */
const SEPARATOR = ",";

/** The uploads that a request may see, and the owner of those that it begins. */
export interface Scope {
  readonly owner: string;
  /** True when the request sees the uploads of all owners. */
  readonly seesAll?: true;
  /** The client's address, by which its uploads are counted; absent when they are not. */
  readonly from?: string;
  /** The clean names of the folders that the owner's finished files are placed in, outermost first; absent for none. */
  readonly folders?: readonly string[];
  /** The largest file in bytes that the request may begin; absent for no limit but the server's. */
  readonly maxBytes?: number;
  /** The most bytes in all that the owner may keep; absent for the server's limit. */
  readonly quotaBytes?: number;
  /** The limits of the upload link; absent for a request that comes by none. */
  readonly link?: LinkLimits;
}

/** The scope of everybody who has not signed in, on a server that lets anybody in. */
export const OPEN_SCOPE: Scope = { owner: ANONYMOUS };

/** The owner of what one visitor sends by an upload link of `owner`. */
export function ownerByLink(owner: string, { link, visitor }: { link: string; visitor: string }): string {
  return [owner, link, visitor].join(SEPARATOR);
}

/** The name of the list of all that came by an upload link of `owner`. It is {@linkcode linkOf} for the owners of these. */
export function listOfLink(owner: string, link: string): string {
  return ownerByLink(owner, { link, visitor: "" });
}

/** The owner whose quota an upload uses: for one that came by an upload link, the link's. */
export function payerOf(owner: string): string {
  return owner.split(SEPARATOR, 1)[0]!;
}

/**
 * The text that the owners of all that came by one upload link begin with, up to the visitor; `undefined` for what came
 * by no link.
 */
export function linkOf(owner: string): string | undefined {
  const end = owner.lastIndexOf(SEPARATOR);
  return end === -1 ? undefined : owner.slice(0, end + 1);
}

/** True when a request of this scope may see uploads of `owner`. An owner sees what others send by its links. */
export function sees(scope: Scope, owner: string): boolean {
  return scope.seesAll === true || scope.owner === owner || owner.startsWith(scope.owner + SEPARATOR);
}

/** The facts of a file that a request of this scope begins to upload: with its owner, folders and limits. */
export function owned<Facts extends Pick<FileFacts, "folders" | "name">>(
  { owner, from, folders, maxBytes, quotaBytes, link }: Scope,
  facts: Facts,
): Facts & Pick<FileFacts, "owner" | "from" | "maxBytes" | "quotaBytes" | "link" | "sentAs"> {
  return {
    ...facts,
    owner,
    ...from !== undefined && { from },
    ...folders !== undefined && { folders: [...folders, ...facts.folders] },
    ...maxBytes !== undefined && { maxBytes },
    ...quotaBytes !== undefined && { quotaBytes },
    ...link !== undefined && { link, sentAs: [...facts.folders, facts.name].join("/") },
  };
}
