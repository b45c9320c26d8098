import { randomBytes } from "node:crypto";
import { type RequestHeaders, UploadStore } from "../../client/mod.ts";
import { derived } from "./machine.ts";
import type { Target } from "./target.ts";

/** The sender, as the server sees it. */
export interface Visitor {
  /** The headers of every request. */
  readonly headers: RequestHeaders;
  /** The part of each `X-File-Id` that nobody can guess; empty where only this user's own requests can meet it. */
  readonly idSecret: string;
  /** True when a later run goes on where this one ends. */
  readonly isKnownAgain: boolean;
}

/** Makes the visitor of a server or a link. `secret` is the one of this computer, if it has one. */
export function visitorOf(
  { endpoint, linkSecret }: Target,
  { token, secret }: { token: string | undefined; secret: string | undefined },
): Visitor {
  if (linkSecret !== undefined) {
    // The visitors of one link are told apart by this name, which must be as hard to guess as a secret.
    const name = derived(secret ?? randomBytes(32).toString("base64url"), `link ${linkSecret}`);
    const headers = { Authorization: `Basic ${btoa(`${name}:${linkSecret}`)}` };
    return { headers, idSecret: "", isKnownAgain: secret !== undefined };
  }
  if (token !== undefined) {
    // Ids are looked up within the token's owner. Without a secret in them, another computer goes on where this one ended.
    return { headers: { Authorization: `Bearer ${token}` }, idSecret: "", isKnownAgain: true };
  }
  return { headers: {}, idSecret: secret === undefined ? "" : derived(secret, `id ${endpoint}`), isKnownAgain: true };
}

/** Remembers nothing but the secret part of the ids: the server knows the rest. */
export class SecretStore extends UploadStore {
  readonly #idSecret: string;

  constructor(idSecret: string) {
    super({ factory: undefined });
    this.#idSecret = idSecret;
  }

  override secret(): Promise<string> {
    return Promise.resolve(this.#idSecret);
  }
}
