import { defined } from "../defined.ts";
import type { Scope } from "../model/owner.ts";
import { isRight, type Rights, USUAL_RIGHTS } from "../model/rights.ts";
import type { Visitor } from "../model/visitor.ts";

/** A person or program that the program around the server has signed in. */
export interface Identity {
  /** The name, of at most 128 printable ASCII characters and without a comma. */
  readonly name: string;
  /** The rights. Default: `read` and `upload`, for the uploads of this name alone. */
  readonly rights?: Rights;
  /** The largest file that this one may send, in bytes. Default: the server's limit. */
  readonly maxBytes?: number;
  /** The most bytes in all that this one may keep. Default: the server's quota. */
  readonly quotaBytes?: number;
}

/**
 * Tells who sends a request. `undefined` leaves it to Pawl: a token, a session, an upload link, or nobody. When it throws,
 * the request is answered with 500, and the log has the error.
 */
export type IdentifySender = (request: Request) => Promise<Identity | undefined> | Identity | undefined;

/** Gives the folders in which the finished files of an owner lie, if they have a folder of the owner's own. */
export type FoldersOf = (owner: string) => { readonly folders?: readonly string[] };

/** One name: two headers with users come as one value with a comma, and one of them may be the client's own. */
const NAME = /^[\x21-\x2b\x2d-\x7e](?:[\x20-\x2b\x2d-\x7e]{0,126}[\x21-\x2b\x2d-\x7e])?$/;

/** True for the name that a user may have. */
export function isUserName(name: string): boolean {
  return NAME.test(name);
}

/** The owner of what a user uploads. No token has such an owner. */
function ownerOfUser(name: string): string {
  return `user:${name}`;
}

/** Makes the visitor of an identity, whose files lie in these folders. Throws an error that says what is wrong with it. */
export function visitorOfIdentity(
  { name, rights = USUAL_RIGHTS, maxBytes, quotaBytes }: Identity,
  foldersOf: FoldersOf,
): Visitor {
  if (typeof name !== "string" || !isUserName(name)) {
    throw new Error("identify() must give a name of at most 128 printable ASCII characters, without a comma");
  }
  if (!Array.isArray(rights) || !rights.every(isRight)) {
    throw new Error("identify() must give rights out of read, upload and admin");
  }
  for (const [limit, bytes] of Object.entries(defined({ maxBytes, quotaBytes }))) {
    if (typeof bytes === "number" && bytes >= 0) continue;
    throw new Error(`identify() must give ${limit} as a number of bytes`);
  }
  const scope = scopeOf({ owner: ownerOfUser(name), rights, maxBytes, quotaBytes }, foldersOf);
  return { kind: "user", name, rights, scope };
}

/** The scope of an owner with these rights and limits: with `admin` it has the uploads of all. */
export function scopeOf(
  { owner, rights, maxBytes, quotaBytes }: {
    readonly owner: string;
    readonly rights: Rights;
    readonly maxBytes: number | undefined;
    readonly quotaBytes: number | undefined;
  },
  foldersOf: FoldersOf,
): Scope {
  return {
    owner,
    ...rights.includes("admin") && { seesAll: true },
    ...foldersOf(owner),
    ...defined({ maxBytes, quotaBytes }),
  };
}
