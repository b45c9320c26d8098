import { onServer } from "./server.ts";

/** The visitor of the page, as the server knows it (`GET /api/session`). */
export interface Visitor {
  kind: "nobody" | "anybody" | "token" | "session" | "user" | "link";
  /** The name of the token or of the user. */
  name: string;
  rights: readonly string[];
}

/** The reason why a sign-in has failed. */
export type SignInProblem = "wrongToken" | "tooManyTokens" | "unreachable";

const ADDRESS = onServer("/api/session");
const KINDS: readonly unknown[] = ["nobody", "anybody", "token", "session", "user", "link"] satisfies Visitor["kind"][];

/** The visitor of a server that does not say who its visitors are. It refuses by itself what they may not do. */
export const UNKNOWN: Visitor = { kind: "anybody", name: "", rights: ["read", "upload"] };

/**
 * Reads the visitor that the server has written into the page, such as "session read upload". It has no name: a page
 * stays in the browser's cache. `undefined` when the server has written none, or one of a kind that is not known.
 */
export function visitorInPage(text = document.documentElement.dataset["visitor"]): Visitor | undefined {
  const [kind, ...rights] = text?.split(" ") ?? [];
  const visitor = { kind, name: "", rights };
  return isVisitor(visitor) ? visitor : undefined;
}

/** True when the server names the visitor that the page knows already, maybe without a name. */
export function isSame(known: Visitor, { kind, name, rights }: Visitor): boolean {
  const rightsOf = (list: readonly string[]) => [...list].sort().join();
  return known.kind === kind && rightsOf(known.rights) === rightsOf(rights) &&
    (known.name === "" || known.name === name);
}

/** True when the visitor has the right. */
export function may({ rights }: Visitor, wanted: "read" | "upload"): boolean {
  return rights.includes(wanted) || rights.includes("admin");
}

/** True when the server gives the visitor a list of uploads. It gives nobody the list of all that have not signed in. */
export function mayList(visitor: Visitor): boolean {
  return visitor.kind !== "anybody" && may(visitor, "read");
}

/**
 * Asks the server who the visitor is. `undefined` when something else answers, such as a proxy that signs people in.
 * Rejects when the server cannot be reached.
 */
export async function whoAmI(): Promise<Visitor | undefined> {
  return await visitorIn(await fetch(ADDRESS));
}

/** Trades a token for a cookie, which no script can read. Gives the visitor that signed in, or what is wrong. */
export async function signIn(token: string): Promise<Visitor | SignInProblem> {
  try {
    const answer = await fetch(ADDRESS, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (answer.status === 429) return "tooManyTokens";
    if (answer.status === 401) return "wrongToken";
    return await visitorIn(answer) ?? "unreachable";
  } catch {
    return "unreachable";
  }
}

/** Ends the session, and has the browser forget the cookie. False when the server could not be told. */
export async function signOut(): Promise<boolean> {
  return await fetch(ADDRESS, { method: "DELETE" }).then(({ ok }) => ok, () => false);
}

/**
 * Takes the token of a sign-in link (`#token=…`) out of the page's address, so that nobody can read, copy or bookmark
 * it. `undefined` when there is none.
 */
export function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token.trim() === "" ? undefined : token.trim();
}

async function visitorIn(answer: Response): Promise<Visitor | undefined> {
  const value: unknown = answer.ok ? await answer.json().catch(() => undefined) : undefined;
  return isVisitor(value) ? value : undefined;
}

function isVisitor(value: unknown): value is Visitor {
  if (typeof value !== "object" || value === null || !("kind" in value) || !("rights" in value)) return false;
  return KINDS.includes(value.kind) && Array.isArray(value.rights);
}
