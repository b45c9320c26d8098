import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import type { Handler } from "../http/route.ts";
import type { UploadLink } from "../model/link.ts";
import type { Visitor } from "../model/visitor.ts";
import type { Pages } from "../page/pages.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { noSuchLink, ownerName } from "./link_pages.ts";

/** The handlers for the visitors of upload links. */
export interface UploadLinks {
  /** `GET /u/<secret>`: the page, which sends by the link. */
  readonly page: Handler;
  /** `GET /api/link`: tells a visitor whose link this is, what for, and what it takes. docs/api.md has the schema. */
  readonly about: Handler;
}

/** Makes the handlers for the visitors of upload links. */
export function createUploadLinks({ gatekeeper, pages }: { gatekeeper: Gatekeeper; pages: Pages }): UploadLinks {
  return {
    async page(request, secret, _visitor, sender) {
      if (await gatekeeper.linkOf(secret, "upload", sender) === undefined) return noSuchLink(request);
      return await pages.serve("/", request.headers, { top: "../" }) ?? noSuchLink(request);
    },

    about(_request, _id, visitor) {
      const link = linkOf(visitor);
      const { note, expiresAt, maxBytes, limits } = link;
      const about = {
        owner: ownerName(link),
        ...defined({
          note,
          expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
          maxSize: maxBytes,
          maxFiles: limits.maxFiles,
          quota: limits.totalBytes,
        }),
      };
      return Promise.resolve(Response.json(about, { headers: { "Cache-Control": "no-store" } }));
    },
  };
}

/** The upload link that a visitor comes by. Throws `not-found` for everybody else. */
export function linkOf({ link }: Visitor): UploadLink {
  if (link !== undefined) return link;
  throw new UploadError("not-found", "You have not come by an upload link");
}
