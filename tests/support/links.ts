import { keptPassword } from "../../server/access/link_passwords.ts";
import { MAX_LINKS, newLink, type WantedLink } from "../../server/access/link_wishes.ts";
import { linkPath } from "../../server/access/links_api.ts";
import type { AccessSite, Answer, SentHeaders } from "./access_site.ts";
import { newId } from "../../server/model/id.ts";
import { withLinks } from "./tokens.ts";

/** A link that was made over the interface for programs. */
export interface MadeLink {
  readonly id: string;
  /** Its path on the server. */
  readonly path: string;
  readonly secret: string;
}

/** Makes a link as the holder of `headers`. */
export async function makeLink(site: Pick<AccessSite, "ask">, headers: SentHeaders, wish: object): Promise<MadeLink> {
  const { status, text } = await askForLink(site, headers, wish);
  if (status !== 201) throw new Error(`${status}: ${text}`);
  const { id, url } = JSON.parse(text);
  return { id, path: url, secret: url.slice(3) };
}

/** Asks for a link as the holder of `headers`. */
export async function askForLink(site: Pick<AccessSite, "ask">, headers: SentHeaders, wish: object): Promise<Answer> {
  const json = { "Content-Type": "application/json" };
  return await site.ask("POST /api/links", { ...json, ...headers }, { body: JSON.stringify(wish) });
}

/** The headers of a new visitor of an upload link. */
export function visitorOf({ secret }: { readonly secret: string }, visitor = newId()): { Authorization: string } {
  return { Authorization: `Basic ${btoa(`${visitor}:${secret}`)}` };
}

/** A password is checked in no time. */
const ROUNDS = 1000;

/** Adds a link of `owner` to the data folder of a server that runs, and gives its path. */
export async function addTestLink(data: string, wanted: WantedLink, owner: string): Promise<string> {
  const password = wanted.kind === "download" && wanted.password !== undefined
    ? await keptPassword(wanted.password, ROUNDS)
    : undefined;
  const { secret, link } = newLink(wanted, { owner }, { now: Date.now(), password });
  await withLinks(data, (store) => store.add(link, MAX_LINKS));
  return linkPath(link.kind, secret);
}
