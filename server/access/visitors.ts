import { defined } from "../defined.ts";
import { unauthorized } from "../http/refusals.ts";
import type { UploadLink } from "../model/link.ts";
import { ownerByLink } from "../model/owner.ts";
import type { Visitor } from "../model/visitor.ts";
import type { Token } from "../storage/token_store.ts";
import { type FoldersOf, scopeOf } from "./identity.ts";
import { type Credentials, hashOf, isSecret } from "./secret.ts";

/** The user name that tells the visitors of an upload link apart. 22 letters of base64url have 128 bits. */
const VISITOR = /^[\w-]{22}$/;

/** Makes the visitor that holds a token, or the cookie of a session that it began. */
export function visitorOfToken(
  { name, owner, rights, maxBytes, quotaBytes }: Token,
  kind: Extract<Visitor["kind"], "token" | "session">,
  foldersOf: FoldersOf,
): Visitor {
  return { kind, name, rights, scope: scopeOf({ owner, rights, maxBytes, quotaBytes }, foldersOf) };
}

/**
 * Makes the visitor of an upload link. The user name tells the visitors of one link apart, so it must be random. Throws
 * `unauthorized` for another one.
 */
export function visitorOfLink(link: UploadLink, user = "", foldersOf: FoldersOf): Visitor {
  if (!VISITOR.test(user)) {
    throw unauthorized(
      "Send 22 random letters or digits of your own as the user name, and the link's secret behind it",
    );
  }
  const { id, owner, folders, maxBytes, quotaBytes, limits } = link;
  return {
    kind: "link",
    name: id,
    rights: ["upload"],
    link,
    scope: {
      owner: ownerByLink(owner, { link: id, visitor: hashOf(user).slice(0, 22) }),
      folders: [...foldersOf(owner).folders ?? [], ...folders],
      link: limits,
      ...defined({ maxBytes, quotaBytes }),
    },
  };
}

/** True for credentials in the form that a visitor of an upload link sends. */
export function isOfLink(credentials: Credentials | undefined): credentials is Credentials {
  return credentials !== undefined && isSecret(credentials.secret) && VISITOR.test(credentials.user ?? "");
}
