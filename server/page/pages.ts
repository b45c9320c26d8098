import { ifNoneMatch } from "@std/http/etag";
import { acceptsEncodings } from "@std/http/negotiation";
import { STATUS_CODE } from "@std/http/status";
import { contentType } from "@std/media-types";
import { Encoded } from "./encoded.ts";
import { joinedStyle, preferredLanguage, quickPage, scriptOf, styleSheetsOf } from "./index_html.ts";
import { link } from "./link.ts";
import { type PageAddress, parseAddress } from "./page_address.ts";
import { PageFiles } from "./page_files.ts";
import { plainParts } from "./plain_form.ts";
import { documentHeaders, type InlineParts } from "./policy.ts";
import { stripTypes, withoutBlanks } from "./script.ts";

/** The page and the client library, as a browser loads them. */
export interface Pages {
  /**
   * Answers a GET or HEAD for `pathname` (as it stands in the URL, still percent-encoded) with what it names, or 304
   * when `headers` show that the browser has it already. Gives `undefined` when nothing has that path. Throws when a
   * client file is not TypeScript that a browser can run; the message names the file and the line. `top` is the way from
   * the address at which a browser sees the page to the top of the server, by default `./`.
   */
  serve(pathname: string, headers: Headers, top?: string): Promise<Response | undefined>;
}

/** The folders of the page's files. */
export interface PagesOptions {
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** Folders of which nothing is served, wherever they lie: their files were uploaded. */
  readonly except?: readonly string[];
}

interface Content {
  readonly content: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** The view of the page that a browser gets. */
interface View {
  readonly language: string | undefined;
  /** The way from the page's address to the top of the server. */
  readonly top: string;
}

/** The way from the page to the top of the server. The pages of upload links lie below it. */
const TOP = "./";

/** A browser asks again at each use for content whose address does not change with it. */
const ASK_AGAIN = { "cache-control": "no-cache" };
const KEEP = { "cache-control": "public, max-age=31536000, immutable" };

/** Pages of any origin may load the library; what they may do with the server is another matter. */
const LIBRARY_HEADERS = { "access-control-allow-origin": "*" };

/**
 * Serves the files that lie in the folders `static` and `client` now, as they are now: nothing that comes or changes
 * later. Throws when a folder or file cannot be read.
 */
export function createPages({ root, except = [] }: PagesOptions): Pages {
  const files = new PageFiles(root, { folders: ["static", "client"], except });
  const rendered = new Map<string, Promise<Encoded>>();

  const script = (name: string) => stripTypes(files.text(name), name);
  const linked = (name: string) => link(name, async (name) => withoutBlanks(await script(name)));

  const styleOf = (html: string) => joinedStyle(styleSheetsOf(html).map((sheet) => files.text(`static/${sheet}`)));

  async function inlineParts(html: string): Promise<InlineParts> {
    const entry = scriptOf(html);
    return {
      style: styleOf(html),
      script: entry === undefined ? "" : await linked(entry),
    };
  }

  /** The content at an address, and the headers that depend on it. */
  async function contentOf({ kind, name, isDocument }: PageAddress, { language, top }: View): Promise<Content> {
    if (kind === "index") {
      const html = files.text(name);
      const isOfLink = top !== TOP;
      const parts = await inlineParts(html);
      return {
        content: quickPage(html, {
          ...parts,
          hash: files.hash,
          top,
          language,
          plain: plainParts({ language, top, isOfLink }),
        }),
        headers: { vary: "Accept-Encoding, Accept-Language", ...await documentHeaders(parts) },
      };
    }
    const headers = { vary: "Accept-Encoding", ...isDocument && await documentHeaders() };
    switch (kind) {
      case "linked":
        return { content: await linked(name), headers };
      case "script":
        return { content: script(name), headers };
      case "style":
        return { content: styleOf(files.text(name)), headers };
      case "file":
        return { content: files.bytes(name), headers };
    }
  }

  async function render(address: PageAddress, view: View): Promise<Encoded> {
    const { content, headers } = await contentOf(address, view);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
    return new Encoded(bytes, headers);
  }

  /** Gives the content of an address. It is made once. */
  function renderedAt(address: PageAddress, view: View): Promise<Encoded> {
    const key = [address.kind, address.name, ...address.kind === "index" ? [view.top, view.language] : []].join(" ");
    const made = rendered.get(key) ?? render(address, view);
    rendered.set(key, made);
    return made;
  }

  return {
    async serve(pathname, headers, top = TOP) {
      const address = parseAddress(pathname);
      if (address === undefined || !files.has(address.name)) return undefined;
      const language = address.kind === "index" ? languageOf(headers) : undefined;
      const encoded = await renderedAt(address, { language, top });
      const { content, headers: own } = await encoded.best(acceptsEncodings({ headers }));
      const answer = {
        "x-content-type-options": "nosniff",
        ...address.hash === files.hash ? KEEP : ASK_AGAIN,
        ...address.extension === "js" && LIBRARY_HEADERS,
        ...own,
      };
      if (!ifNoneMatch(headers.get("if-none-match"), own["etag"])) {
        return new Response(null, { status: STATUS_CODE.NotModified, headers: answer });
      }
      const type = contentType(address.extension) ?? "application/octet-stream";
      return new Response(content, { headers: { ...answer, "content-type": type } });
    },
  };

  function languageOf(headers: Headers): string | undefined {
    return preferredLanguage(headers.get("accept-language"), (tag) => files.has(`client/languages/${tag}.ts`));
  }
}
