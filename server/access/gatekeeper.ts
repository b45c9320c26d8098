import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import { unauthorized } from "../http/refusals.ts";
import type { Sender } from "../http/sender.ts";
import type { SendingPage } from "../http/sending_page.ts";
import type { Log } from "../log.ts";
import { isOwnAddress, networkOf } from "../networks.ts";
import { cleanName } from "../model/names.ts";
import { USUAL_RIGHTS } from "../model/rights.ts";
import { ANYBODY, NOBODY, type Visitor } from "../model/visitor.ts";
import type { Token } from "../storage/token_store.ts";
import type { Guesses } from "./guesses.ts";
import type { KnownTokens } from "./known_tokens.ts";
import type { IsOpen } from "./openness.ts";
import { hashOf, isSecret, secretIn } from "./secret.ts";
import { cookieIn, readSession, type Session } from "./sessions.ts";

/** The dependencies of the gatekeeper. */
export interface GatekeeperDeps {
  readonly tokens: KnownTokens;
  readonly guesses: Guesses;
  readonly isOpen: IsOpen;
  /** True when the server was started with a token of its own, which may have any form. */
  readonly hasFixed: boolean;
  /** The key by which sessions are signed. */
  readonly sessionKey: Uint8Array;
  /** The header by which a trusted proxy names the user, in small letters; empty for none. */
  readonly userHeader: string;
  /** True when the finished files of an owner lie in a folder of its name. */
  readonly ownerFolders: boolean;
  readonly sendingPageOf: (request: Request, sender: Sender) => SendingPage;
  readonly log: Log;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** Tells who sends a request. The one place that looks at tokens, sessions and users. */
export class Gatekeeper {
  readonly #deps: GatekeeperDeps;

  constructor(deps: GatekeeperDeps) {
    this.#deps = deps;
  }

  /**
   * Tells who sends a request: the user that a trusted proxy names, or else the holder of the token in `Authorization`,
   * or else of the session in the cookie. Throws `unauthorized` for a wrong token, `too-many-guesses`, `bad-request`
   * for a user that nobody may name, and `forbidden` for a request that a page of another site has sent.
   */
  async identify(request: Request, sender: Sender): Promise<Visitor> {
    const page = this.#pageOf(request, sender);
    const user = this.#userIn(request.headers, sender);
    const visitor = user ?? await this.#holder(request, sender, page) ??
      (this.#deps.isOpen() ? ANYBODY : NOBODY);
    if (page === "foreign") {
      throw new UploadError(
        "forbidden",
        "A page of another site has sent this: start the server with --allow-origin if it may",
      );
    }
    return isChange(request) ? countedBy(sender, visitor) : visitor;
  }

  /** Finds the token of a secret. Throws `unauthorized` and `too-many-guesses`. */
  async tokenOf(secret: string, { address }: Sender): Promise<Token> {
    const { guesses, tokens, log } = this.#deps;
    const hash = hashOf(secret);
    guesses.check(address, hash);
    const token = await tokens.find(hash);
    if (token === undefined) {
      guesses.wrong(address, hash);
      log.info("Refused a wrong token from {address}", { address });
      throw unauthorized("This token is not known: it may have been removed");
    }
    if (this.#isExpired(token)) throw unauthorized("This token has expired: ask for a new one");
    guesses.right(address, hash);
    tokens.used(token);
    return token;
  }

  /**
   * Reads the session in the cookie of a request; `undefined` when there is none that goes on. A browser sends a cookie
   * with requests of any page, so for a change it counts only in those of this server's own pages.
   */
  async sessionOf(
    request: Request,
    sender: Sender,
    page: SendingPage = this.#pageOf(request, sender),
  ): Promise<{ session: Session; token: Token } | undefined> {
    const { tokens, sessionKey, now } = this.#deps;
    const cookies = page === "own" ? request.headers.get("cookie") : null;
    const value = cookies === null ? undefined : cookieIn(cookies, sender.isHttps);
    const session = value === undefined ? undefined : readSession(value, sessionKey, now());
    if (session === undefined || await tokens.isEnded(session.id)) return undefined;
    const token = await tokens.find(session.hash);
    if (token === undefined || this.#isExpired(token)) return undefined;
    return { session, token };
  }

  /** The visitor that holds a token, or the cookie of a session that it began. */
  visitorOf(
    { name, owner, rights, maxBytes, quotaBytes }: Token,
    kind: Extract<Visitor["kind"], "token" | "session"> = "token",
  ): Visitor {
    return {
      kind,
      name,
      rights,
      scope: {
        owner,
        ...rights.includes("admin") && { seesAll: true },
        ...this.#folderOf(owner),
        ...defined({ maxBytes, quotaBytes }),
      },
    };
  }

  /** The page that sent a request. It does not matter for a request that changes nothing, which counts as `own`. */
  #pageOf(request: Request, sender: Sender): SendingPage {
    return isChange(request) ? this.#deps.sendingPageOf(request, sender) : "own";
  }

  async #holder(request: Request, sender: Sender, page: SendingPage): Promise<Visitor | undefined> {
    const authorization = request.headers.get("authorization");
    if (authorization !== null) {
      const secret = secretIn(authorization);
      if (this.#isOurs(secret)) return this.visitorOf(await this.tokenOf(secret ?? "", sender));
    }
    const found = await this.sessionOf(request, sender, page);
    if (found === undefined) return undefined;
    this.#deps.tokens.used(found.token);
    return this.visitorOf(found.token, "session");
  }

  /**
   * True when `Authorization` is meant for this server. On a server that lets anybody in, it may be the password of a
   * proxy in front.
   */
  #isOurs(secret: string | undefined): boolean {
    if (!this.#deps.isOpen()) return true;
    return secret !== undefined && (this.#deps.hasFixed || isSecret(secret));
  }

  /** The user that a trusted proxy names. */
  #userIn(headers: Headers, { isProxied, address }: Sender): Visitor | undefined {
    const { userHeader, log } = this.#deps;
    const name = userHeader === "" ? null : headers.get(userHeader);
    if (name === null || name === "") return undefined;
    if (!isProxied) {
      log.warning("Refused {userHeader} from {address}, which is no proxy of --trust-proxy", { userHeader, address });
      throw new UploadError("bad-request", `Only a proxy of --trust-proxy may send ${userHeader}`);
    }
    // Two headers come as one value with a comma: one of them may be the client's own.
    if (!/^[\x21-\x2b\x2d-\x7e](?:[\x20-\x2b\x2d-\x7e]{0,126}[\x21-\x2b\x2d-\x7e])?$/.test(name)) {
      throw new UploadError("bad-request", `${userHeader} must be one name of at most 128 characters, without a comma`);
    }
    const owner = `user:${name}`;
    return { kind: "user", name, rights: USUAL_RIGHTS, scope: { owner, ...this.#folderOf(name) } };
  }

  #folderOf(name: string): { folder?: string } {
    const folder = this.#deps.ownerFolders ? cleanName(name) ?? "owner" : undefined;
    return folder === undefined ? {} : { folder };
  }

  #isExpired({ expiresAt }: Token): boolean {
    return expiresAt !== undefined && expiresAt <= this.#deps.now();
  }
}

/** Adds the address by which the uploads of a visitor are counted. */
function countedBy({ address }: Sender, visitor: Visitor): Visitor {
  if (address === undefined || isOwnAddress(address)) return visitor;
  return { ...visitor, scope: { ...visitor.scope, from: networkOf(address) } };
}

function isChange({ method }: Request): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}
