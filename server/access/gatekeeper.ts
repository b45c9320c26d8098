import { UploadError } from "../errors.ts";
import { unauthorized } from "../http/refusals.ts";
import type { Sender } from "../http/sender.ts";
import type { SendingPage } from "../http/sending_page.ts";
import type { Log } from "../log.ts";
import { isOwnAddress, networkOf } from "../networks.ts";
import type { Link } from "../model/link.ts";
import { ANYBODY, NOBODY, type Visitor } from "../model/visitor.ts";
import type { Token } from "../storage/token_store.ts";
import type { Guesses } from "./guesses.ts";
import { type FoldersOf, type IdentifySender, isUserName, visitorOfIdentity } from "./identity.ts";
import type { KnownLinks } from "./known_links.ts";
import type { KnownTokens } from "./known_tokens.ts";
import type { IsOpen } from "./openness.ts";
import { notByOwnPage, sentByOther, unknownToken } from "./refusals.ts";
import { type Credentials, credentialsIn, hashOf, isSecret } from "./secret.ts";
import { cookieIn, readSession, type Session } from "./sessions.ts";
import { isOfLink, visitorOfLink, visitorOfToken } from "./visitors.ts";

/** The dependencies of the gatekeeper. */
export interface GatekeeperDeps {
  readonly tokens: KnownTokens;
  readonly links: KnownLinks;
  readonly guesses: Guesses;
  readonly isOpen: IsOpen;
  /** True when the server was started with a token of its own, which may have any form. */
  readonly hasFixed: boolean;
  /** The key by which sessions are signed. */
  readonly sessionKey: Uint8Array;
  /** The header by which a trusted proxy names the user, in small letters; empty for none. */
  readonly userHeader: string;
  /** The server's base path, for which its cookies are; empty for the top of its host. */
  readonly basePath: string;
  /** The folders in which the finished files of an owner lie. */
  readonly foldersOf: FoldersOf;
  /** Tells who sends a request, before anything else is looked at. By default nobody does. */
  readonly identify?: IdentifySender;
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
   * Tells who sends a request: the visitor of the upload link in `Authorization`, or else the one that the program around
   * the server names, or else the user that a trusted proxy names, or else the holder of the token in `Authorization`, or
   * else of the session in the cookie. Throws `unauthorized` for a wrong token, `too-many-guesses`, `bad-request` for a
   * user that nobody may name, and `forbidden` for a request that a page of another site has sent.
   */
  async identify(request: Request, sender: Sender): Promise<Visitor> {
    const page = this.#pageOf(request, sender);
    const visitor = await this.#named(request, sender, page) ?? (this.#deps.isOpen() ? ANYBODY : NOBODY);
    if (page === "foreign") throw sentByOther();
    return isChange(request) ? countedBy(sender, visitor) : visitor;
  }

  /** Throws `forbidden` for a change that a page of another site has sent. */
  checkPage(request: Request, sender: Sender): void {
    if (this.#pageOf(request, sender) === "foreign") throw sentByOther();
  }

  /** Throws `forbidden` for a change in which a cookie does not count: no page of this server has sent it. */
  checkOwnPage(request: Request, sender: Sender): void {
    if (this.#pageOf(request, sender) !== "own") throw notByOwnPage();
  }

  /** Finds the token of a secret. Throws `unauthorized` and `too-many-guesses`. */
  async tokenOf(secret: string, sender: Sender): Promise<Token> {
    const token = await this.#unguessed(secret, sender, (hash) => this.#deps.tokens.find(hash));
    if (token === undefined) throw unknownToken();
    this.#checkUsable(token);
    return token;
  }

  /**
   * Finds the link of a secret in a path; `undefined` for one that is not known, is of the other kind, or has expired.
   * Throws `too-many-guesses`.
   */
  async linkOf<Kind extends Link["kind"]>(
    secret: string,
    kind: Kind,
    sender: Sender,
  ): Promise<Extract<Link, { kind: Kind }> | undefined> {
    return await this.#unguessed(secret, sender, (hash) => this.#deps.links.find(hash, kind));
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
    const { tokens, sessionKey, basePath, now } = this.#deps;
    const cookies = page === "own" ? request.headers.get("cookie") : null;
    const value = cookies === null ? undefined : cookieIn(cookies, { isHttps: sender.isHttps, basePath });
    const session = value === undefined ? undefined : readSession(value, sessionKey, now());
    if (session === undefined || await tokens.isEnded(session.id)) return undefined;
    const token = await tokens.find(session.hash);
    if (token === undefined || this.#isExpired(token)) return undefined;
    return { session, token };
  }

  /** The visitor that holds a token, or the cookie of a session that it began. */
  visitorOf(token: Token, kind: Extract<Visitor["kind"], "token" | "session"> = "token"): Visitor {
    return visitorOfToken(token, kind, this.#deps.foldersOf);
  }

  /** The page that sent a request. It does not matter for a request that changes nothing, which counts as `own`. */
  #pageOf(request: Request, sender: Sender): SendingPage {
    return isChange(request) ? this.#deps.sendingPageOf(request, sender) : "own";
  }

  async #named(request: Request, sender: Sender, page: SendingPage): Promise<Visitor | undefined> {
    const user = await this.#identified(request) ?? this.#userIn(request.headers, sender);
    const authorization = request.headers.get("authorization");
    const credentials = authorization === null ? undefined : credentialsIn(authorization);
    if (user !== undefined) {
      // A proxy may send a password of its own along. What has the form of a link's visitor was sent on purpose.
      return isOfLink(credentials) ? await this.#holder(credentials, sender) : user;
    }
    if (authorization !== null && this.#isOurs(credentials?.secret)) {
      return await this.#holder(credentials ?? { secret: "" }, sender);
    }
    const found = await this.sessionOf(request, sender, page);
    if (found === undefined) return undefined;
    this.#deps.tokens.used(found.token);
    return this.visitorOf(found.token, "session");
  }

  /** The holder of a token, or the visitor of an upload link. Throws `unauthorized` and `too-many-guesses`. */
  async #holder({ secret, user }: Credentials, sender: Sender): Promise<Visitor> {
    const { tokens, links } = this.#deps;
    const found = await this.#unguessed(
      secret,
      sender,
      async (hash) => await tokens.find(hash) ?? await links.find(hash, "upload"),
    );
    if (found === undefined) throw unknownToken();
    if ("kind" in found) return visitorOfLink(found, user, this.#deps.foldersOf);
    this.#checkUsable(found);
    return this.visitorOf(found);
  }

  /** Looks a secret up, and counts it for its address. Throws `too-many-guesses`. */
  async #unguessed<T>(
    secret: string,
    { address }: Sender,
    find: (hash: string) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { guesses, log } = this.#deps;
    const hash = hashOf(secret);
    guesses.check(address, hash);
    const found = await find(hash);
    if (found === undefined) {
      guesses.wrong(address, hash);
      log.info("Refused a wrong token from {address}", { address });
    } else guesses.right(address, hash);
    return found;
  }

  #checkUsable(token: Token): void {
    if (this.#isExpired(token)) throw unauthorized("This token has expired: ask for a new one");
    this.#deps.tokens.used(token);
  }

  /**
   * True when `Authorization` is meant for this server. On a server that lets anybody in, it may be the password of a
   * proxy in front.
   */
  #isOurs(secret: string | undefined): boolean {
    if (!this.#deps.isOpen()) return true;
    return secret !== undefined && (this.#deps.hasFixed || isSecret(secret));
  }

  /** The visitor that the program around the server names. */
  async #identified(request: Request): Promise<Visitor | undefined> {
    const identity = await this.#deps.identify?.(request);
    // A program without types may well give null.
    return identity === undefined || identity === null ? undefined : visitorOfIdentity(identity, this.#deps.foldersOf);
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
    if (!isUserName(name)) {
      throw new UploadError("bad-request", `${userHeader} must be one name of at most 128 characters, without a comma`);
    }
    return visitorOfIdentity({ name }, this.#deps.foldersOf);
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
