import type { FileFacts } from "./upload.ts";

/** The owner of the uploads of everybody who has not signed in, on a server that lets anybody in. */
export const ANONYMOUS = "anonymous";

/** The uploads that a request may see, and the owner of those that it begins. */
export interface Scope {
  readonly owner: string;
  /** True when the request sees the uploads of all owners. */
  readonly seesAll?: true;
  /** The client's address, by which its uploads are counted; absent when they are not. */
  readonly from?: string;
  /** The clean name of the folder that the owner's finished files are placed in; absent for none. */
  readonly folder?: string;
  /** The largest file in bytes that the request may begin; absent for no limit but the server's. */
  readonly maxBytes?: number;
  /** The most bytes in all that the owner may keep; absent for the server's limit. */
  readonly quotaBytes?: number;
}

/** The scope of everybody who has not signed in, on a server that lets anybody in. */
export const OPEN_SCOPE: Scope = { owner: ANONYMOUS };

/** True when a request of this scope may see uploads of `owner`. */
export function sees(scope: Scope, owner: string): boolean {
  return scope.seesAll === true || scope.owner === owner;
}

/** The facts of a file that a request of this scope begins to upload: with its owner, folder and limit. */
export function owned<Facts extends Pick<FileFacts, "folders">>(
  { owner, from, folder, maxBytes, quotaBytes }: Scope,
  facts: Facts,
): Facts & Pick<FileFacts, "owner" | "from" | "maxBytes" | "quotaBytes"> {
  return {
    ...facts,
    owner,
    ...from !== undefined && { from },
    ...folder !== undefined && { folders: [folder, ...facts.folders] },
    ...maxBytes !== undefined && { maxBytes },
    ...quotaBytes !== undefined && { quotaBytes },
  };
}
