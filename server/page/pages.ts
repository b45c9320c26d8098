import { ifNoneMatch } from "@std/http/etag";
import { acceptsEncodings } from "@std/http/negotiation";
import { STATUS_CODE } from "@std/http/status";
import { contentType } from "@std/media-types";
import { Encoded } from "./encoded.ts";
import { createFrontPage, type PageSetting, styleOf } from "./front_page.ts";
import { link } from "./link.ts";
import { type PageAddress, parseAddress } from "./page_address.ts";
import { PageFiles } from "./page_files.ts";
import { documentHeaders } from "./policy.ts";
import { stripTypes, withoutBlanks } from "./script.ts";

/** The page and the client library, as a browser loads them. */
export interface Pages {
  /**
   * Answers a GET or HEAD for `pathname` (as it stands in the URL, still percent-encoded) with what it names, or 304
   * when `headers` show that the browser has it already. Gives `undefined` when nothing has that path. Throws when a
   * client file is not TypeScript that a browser can run; the message names the file and the line.
   */
  serve(pathname: string, headers: Headers, setting?: PageSetting): Promise<Response | undefined>;
}

/** The folders of the page's files. */
export interface PagesOptions {
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** Folders of which nothing is served, wherever they lie: their files were uploaded. */
  readonly except?: readonly string[];
}

/** The module of the page's script that gets the words of a language. */
const WORDS = "client/page/brought_words.ts";

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
  const linked = (name: string, language?: string) =>
    link(
      name,
      async (name) =>
        name === WORDS && language !== undefined ? wordsScript(language) : withoutBlanks(await script(name)),
    );
  const frontPage = createFrontPage({ files, linked });

  /** The content at an address, except for the page itself. */
  async function contentOf({ kind, name }: PageAddress): Promise<string | Uint8Array> {
    switch (kind) {
      case "linked":
        return await linked(name);
      case "script":
        return script(name);
      case "style":
        return styleOf(files);
      default:
        return files.bytes(name);
    }
  }

  async function render(address: PageAddress): Promise<Encoded> {
    const content = await contentOf(address);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
    return new Encoded(bytes, { vary: "Accept-Encoding", ...address.isDocument && await documentHeaders() });
  }

  /** Gives the content of an address. It is made once. */
  function renderedAt(address: PageAddress): Promise<Encoded> {
    const key = `${address.kind} ${address.name}`;
    const made = rendered.get(key) ?? render(address);
    rendered.set(key, made);
    return made;
  }

  return {
    async serve(pathname, headers, setting = {}) {
      const address = parseAddress(pathname);
      if (address === undefined || !files.has(address.name)) return undefined;
      const encoded = await (address.kind === "index" ? frontPage(headers, setting) : renderedAt(address));
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
}

/** A module with the words of a language. The linker puts what it imports into the script too. */
function wordsScript(language: string): string {
  return `import { messages } from "../languages/${language}.ts";
export const BROUGHT_WORDS = { ${language}: messages };`;
}
