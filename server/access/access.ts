import { type Config, ConfigError } from "../config/config.ts";
import { outwardOf } from "../config/outward.ts";
import { defined } from "../defined.ts";
import { createSendingPageOf } from "../http/sending_page.ts";
import type { Log } from "../log.ts";
import { parseFixedToken } from "../config/option_values.ts";
import type { LinkStore } from "../storage/link_store.ts";
import type { Token, TokenStore } from "../storage/token_store.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import type { IdentifySender } from "./identity.ts";
import { Guesses } from "./guesses.ts";
import { KnownLinks } from "./known_links.ts";
import { KnownTokens } from "./known_tokens.ts";
import { createIsOpen, type IsOpen } from "./openness.ts";
import { hashOf, newSecret } from "./secret.ts";
import { ownerFolder } from "./owner_folder.ts";
import { createSessionHandlers, type SessionHandlers } from "./session_routes.ts";
import type { SmallBodies } from "./small_bodies.ts";

/** The gatekeeper, which tells who may do what, and its parts. */
export interface Access {
  readonly gatekeeper: Gatekeeper;
  readonly session: SessionHandlers;
  readonly links: KnownLinks;
  readonly guesses: Guesses;
  readonly isOpen: IsOpen;
  /** The key by which cookies are signed. */
  readonly sessionKey: Uint8Array;
  /**
   * Makes the first token, with all rights, when nobody could sign in otherwise: the server lets not anybody in, and
   * there was never a token. Gives its secret, which is kept nowhere; `undefined` when none was made.
   */
  makeFirstToken(): Promise<string | undefined>;
  /** Resolves when nothing is being recorded any more. */
  settle(): Promise<void>;
}

/** The dependencies of {@linkcode openAccess}. */
export interface AccessDeps {
  readonly store: TokenStore;
  readonly linkStore: LinkStore;
  readonly bodies: SmallBodies;
  readonly log: Log;
  /** The machine's clock, in milliseconds since 1970. Tokens and sessions expire by it. */
  readonly now: () => number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
  /** Tells who sends a request, before anything else is looked at. By default nobody does. */
  readonly identify?: IdentifySender;
  /** Called for each wrong token, link or password. */
  readonly signInFailed?: () => void;
}

/** The name of the fixed token and of the first one, and the owner of what is uploaded with them. */
const ADMIN = "admin";

/** Connects everything about access. Throws {@linkcode ConfigError} for a file without a token. */
export async function openAccess(
  config: Config,
  { store, linkStore, bodies, log, now, monotonic, identify, signInFailed }: AccessDeps,
): Promise<Access> {
  const secret = await readFixedToken(config);
  const fixed = secret === undefined ? undefined : adminToken(secret, now());
  const tokens = new KnownTokens({ store, log, now, monotonic, ...defined({ fixed }) });
  const isOpen = await createIsOpen(config, { store, hasFixed: fixed !== undefined, monotonic });
  const sessionKey = await store.sessionKey();
  const links = new KnownLinks({ store: linkStore, now, monotonic });
  const guesses = new Guesses(monotonic, signInFailed);
  const gatekeeper = new Gatekeeper({
    ...config,
    tokens,
    links,
    guesses,
    isOpen,
    hasFixed: fixed !== undefined,
    sessionKey,
    foldersOf: (owner) => config.ownerFolders ? { folders: [ownerFolder(owner)] } : {},
    sendingPageOf: createSendingPageOf(config),
    ...defined({ identify }),
    log,
    now,
  });
  return {
    gatekeeper,
    links,
    guesses,
    isOpen,
    sessionKey,
    session: createSessionHandlers({
      ...config,
      above: outwardOf(config).path,
      gatekeeper,
      tokens,
      bodies,
      sessionKey,
      now,
    }),
    async makeFirstToken() {
      if (isOpen() || fixed !== undefined || config.userHeader !== "" || await store.hadToken()) return undefined;
      const first = newSecret();
      return await store.add(adminToken(first, now())) ? first : undefined;
    },
    settle: () => tokens.settle(),
  };
}

function adminToken(secret: string, now: number): Token {
  return { hash: hashOf(secret), name: ADMIN, owner: ADMIN, rights: ["admin"], createdAt: now };
}

/** Reads the fixed token; `undefined` when there is none. Throws {@linkcode ConfigError} for a file without a token. */
export async function readFixedToken(
  { fixedToken, fixedTokenFile }: Pick<Config, "fixedToken" | "fixedTokenFile">,
): Promise<string | undefined> {
  if (fixedTokenFile === "") return fixedToken === "" ? undefined : fixedToken;
  const text = await Deno.readTextFile(fixedTokenFile).catch(() => "");
  const token = parseFixedToken(text.trim());
  if (token !== undefined) return token;
  throw new ConfigError(`The file of --token-file, ${fixedTokenFile}, must hold a token of 22 characters or more`);
}
