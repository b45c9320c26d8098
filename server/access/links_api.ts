import { STATUS_CODE } from "@std/http/status";
import type { Outward } from "../config/outward.ts";
import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import { notPermitted } from "../http/refusals.ts";
import type { Handler } from "../http/route.ts";
import { isId } from "../model/id.ts";
import type { LinkTarget } from "../model/link.ts";
import { may } from "../model/rights.ts";
import type { Visitor } from "../model/visitor.ts";
import type { ListedLink } from "../storage/link_store.ts";
import type { Engine } from "../uploads/engine.ts";
import type { FinishedFiles } from "../uploads/finished_files.ts";
import type { KnownLinks } from "./known_links.ts";
import { keptPassword } from "./link_passwords.ts";
import { MAX_LINKS, newLink, parseWantedLink } from "./link_wishes.ts";
import type { SmallBodies } from "./small_bodies.ts";

/** The longest body of a wish for a link, in bytes. */
const MAX_BODY = 16 * 1024;

/** The dependencies of {@linkcode createLinksApi}. */
export interface LinksApiDeps {
  readonly links: KnownLinks;
  readonly engine: Engine;
  readonly files: FinishedFiles;
  readonly bodies: SmallBodies;
  /** The address at which clients see the server. */
  readonly outward: Outward;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** The handlers of `/api/links`. */
export interface LinksApi {
  /** `GET /api/links`: lists the owner's links, and for an admin all links. */
  readonly list: Handler;
  /** `POST /api/links`: makes a link, and tells its address this once. */
  readonly create: Handler;
  /** `DELETE /api/links/<id>`: removes a link. Who comes by it is out with the next request. */
  readonly remove: Handler;
}

/** Makes the interface about links for programs. docs/api.md has the schemas. */
export function createLinksApi({ links, engine, files, bodies, outward, now }: LinksApiDeps): LinksApi {
  /** Throws `not-found` for a file or folder that the visitor does not see, or that is not finished. */
  async function checkTarget(target: LinkTarget, { scope }: Visitor, stop: AbortSignal): Promise<void> {
    if ("file" in target) {
      if (!isId(target.file) || !await engine.has(target.file, scope)) throw nothingThere();
      (await files.open(target.file)).file.close();
      return;
    }
    for await (const _ of files.below(target.folder, scope, stop)) return;
    throw nothingThere();
  }

  return {
    async list(_request, _id, visitor) {
      checkMaker(visitor);
      const { owner, seesAll } = visitor.scope;
      const listed = await links.store.list(seesAll ? undefined : owner);
      return Response.json({ links: listed.map((one) => linkAsJson(one)) }, { headers: NO_STORE });
    },

    async create(request, _id, visitor) {
      checkMaker(visitor);
      const wanted = parseWantedLink(await bodies.json(request, { maxBytes: MAX_BODY, example: '{"kind": "upload"}' }));
      if (wanted.kind === "download") {
        if (!may(visitor.rights, "read")) throw notPermitted(visitor, "read");
        await checkTarget(wanted.target, visitor, request.signal);
      }
      const password = wanted.kind === "download" && wanted.password !== undefined
        ? await keptPassword(wanted.password)
        : undefined;
      const { secret, link } = newLink(wanted, visitor.scope, { now: now(), password });
      if (!await links.store.add(link, MAX_LINKS)) {
        throw new UploadError("too-many-links", `You have ${MAX_LINKS} links, which is the limit: remove some first`);
      }
      const told = { url: `${outward.url}${linkPath(link.kind, secret)}`, ...linkAsJson({ link, count: 0, bytes: 0 }) };
      return Response.json(told, {
        status: STATUS_CODE.Created,
        headers: { ...NO_STORE, "Location": `${outward.path}/api/links/${link.id}` },
      });
    },

    async remove(_request, id, visitor) {
      checkMaker(visitor);
      const { owner, seesAll } = visitor.scope;
      if (await links.remove(id, seesAll ? undefined : owner)) {
        return new Response(null, { status: STATUS_CODE.NoContent });
      }
      throw new UploadError("not-found", "You have no such link");
    },
  };
}

const NO_STORE = { "Cache-Control": "no-store" };

/** The path of a link on the server. */
export function linkPath(kind: "upload" | "download", secret: string): string {
  return `/${kind === "upload" ? "u" : "d"}/${secret}`;
}

/** A link as `/api/links` tells of it. */
function linkAsJson({ link, count, bytes }: ListedLink): Record<string, unknown> {
  const { id, kind, owner, note, createdAt, expiresAt } = link;
  const facts = {
    id,
    kind,
    owner,
    createdAt: new Date(createdAt).toISOString(),
    ...defined({ note, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString() }),
  };
  if (link.kind === "download") {
    const { target, maxDownloads, password } = link;
    const leadsTo = "file" in target ? { file: target.file } : { folder: target.folder };
    return {
      ...facts,
      ...leadsTo,
      downloads: count,
      hasPassword: password !== undefined,
      ...defined({ maxDownloads }),
    };
  }
  const { folders, maxBytes, limits: { maxFiles, totalBytes } } = link;
  return {
    ...facts,
    folder: folders.join("/"),
    files: count,
    bytes,
    ...defined({ maxSize: maxBytes, maxFiles, quota: totalBytes }),
  };
}

/** Throws `forbidden` for those who have no links: visitors of a link, and those who have not signed in. */
function checkMaker({ kind }: Visitor): void {
  if (kind === "link") throw new UploadError("forbidden", "Who comes by a link cannot make links, or see them");
  if (kind === "anybody") throw new UploadError("forbidden", "Sign in to make links: without that, nobody has any");
}

function nothingThere(): UploadError {
  return new UploadError("not-found", "There is no such finished file or folder of yours");
}
