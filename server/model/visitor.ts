import type { UploadLink } from "./link.ts";
import { ANONYMOUS, OPEN_SCOPE, type Scope } from "./owner.ts";
import { type Rights, USUAL_RIGHTS } from "./rights.ts";

/** The sender of a request, as far as the server knows. */
export interface Visitor {
  /**
   * How the visitor is known. `nobody`: not at all. `anybody`: not at all, on a server that lets anybody in. `token`: by
   * a token. `session`: by the cookie of a session that a token began. `user`: by a proxy that signs people in. `link`:
   * by an upload link.
   */
  readonly kind: "nobody" | "anybody" | "token" | "session" | "user" | "link";
  readonly name: string;
  readonly rights: Rights;
  readonly scope: Scope;
  /** The upload link that the visitor comes by. */
  readonly link?: UploadLink;
}

/** Somebody without a sign-in. Without a right the scope is never looked at. */
export const NOBODY: Visitor = { kind: "nobody", name: "nobody", rights: [], scope: OPEN_SCOPE };

/** Somebody without a sign-in on a server that lets anybody in. */
export const ANYBODY: Visitor = { kind: "anybody", name: ANONYMOUS, rights: USUAL_RIGHTS, scope: OPEN_SCOPE };
