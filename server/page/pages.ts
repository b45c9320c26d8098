import { eTag, ifNoneMatch } from "@std/http/etag";
import { acceptsEncodings } from "@std/http/negotiation";
import { STATUS_CODE } from "@std/http/status";
import { contentType } from "@std/media-types";
import { gzipSync } from "node:zlib";
import { preferredLanguage, quickPage, styleSheetsOf } from "./index_html.ts";
import { link } from "./link.ts";
import { type PageAddress, parseAddress } from "./page_address.ts";
import { PageFiles } from "./page_files.ts";
import { stripTypes, withoutBlanks } from "./script.ts";

/** The page and the client library, as a browser loads them. */
export interface Pages {
  /**
   * Answers a GET or HEAD for `pathname` (as it stands in the URL, still percent-encoded) with what it names, or 304
   * when `headers` show that the browser has it already. Gives `undefined` when nothing has that path. Throws when a
   * client file is not TypeScript that a browser can run; the message names the file and the line.
   */
  serve(pathname: string, headers: Headers): Promise<Response | undefined>;
}

/** The folders of the page's files. */
export interface PagesOptions {
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** Folders of which nothing is served, wherever they lie: their files were uploaded. */
  readonly except?: readonly string[];
}

interface Rendered {
  /** Tells whether the sources have changed since. */
  readonly version: string;
  readonly plain: Representation;
  readonly gzip: Representation;
}

interface Representation {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** A browser asks again at each use for content whose address does not change with it. */
const ASK_AGAIN = { "cache-control": "no-cache" };
const KEEP = { "cache-control": "public, max-age=31536000, immutable" };

/** Headers of documents. A script or a style sheet needs no policy, because a browser applies only the document's. */
const DOCUMENT_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/** Pages of any origin may load the library; what they may do with the server is another matter. */
const LIBRARY_HEADERS = { "access-control-allow-origin": "*" };

const INDEX = "static/index.html";

/**
 * Serves the files that lie in the folders `static` and `client` now, and no file that comes later. An edit of a file
 * is served from the next load of the page on. Throws when a folder cannot be read.
 */
export function createPages({ root, except = [] }: PagesOptions): Pages {
  const files = new PageFiles(root, { folders: ["static", "client"], except });
  const cache = new Map<string, Rendered>();

  const text = async (name: string) => new TextDecoder().decode(await files.read(name));
  const script = async (name: string) => stripTypes(await text(name), name);

  /** The content at an address. */
  async function contentOf({ kind, name }: PageAddress, language: string | undefined): Promise<string | Uint8Array> {
    switch (kind) {
      case "index": {
        const { hash } = await files.snapshot();
        return quickPage(await text(INDEX), { hash, language });
      }
      case "style sheets": {
        const sheets = styleSheetsOf(await text(INDEX)).map((sheet) => text(`static/${sheet}`));
        return (await Promise.all(sheets)).join("\n");
      }
      case "linked":
        return await link(name, async (name) => withoutBlanks(await script(name)));
      case "script":
        return await script(name);
      case "file":
        return await files.read(name);
    }
  }

  /** Gives a text that changes when any of the files changes that the content is made of. */
  async function versionOf({ kind, name, hash }: PageAddress): Promise<string | undefined> {
    const version = await files.version(name);
    if (version === undefined || kind === "script" || kind === "file") return version;
    const { latest } = files;
    const isOf = latest !== undefined && hash === latest.hash;
    return (isOf ? latest : await files.snapshot()).hash;
  }

  async function render(address: PageAddress, language: string | undefined): Promise<Rendered | undefined> {
    const version = await versionOf(address);
    if (version === undefined) return undefined;
    const key = `${address.kind} ${address.name} ${language ?? ""}`;
    const cached = cache.get(key);
    if (cached?.version === version) return cached;
    const content = await contentOf(address, language);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
    const vary = address.kind === "index" ? "Accept-Encoding, Accept-Language" : "Accept-Encoding";
    const rendered = {
      version,
      plain: await representation(bytes, { vary }),
      gzip: await representation(new Uint8Array(gzipSync(bytes)), { vary, "content-encoding": "gzip" }),
    };
    cache.set(key, rendered);
    return rendered;
  }

  /** True when the content at an address will never be another. */
  async function isForEver({ kind, name, hash }: PageAddress, { version }: Rendered): Promise<boolean> {
    if (hash === undefined) return false;
    const { hash: current, versions } = files.latest ?? await files.snapshot();
    if (hash !== current) return false;
    return kind === "script" || kind === "file" ? versions.get(name) === version : version === current;
  }

  return {
    async serve(pathname, headers) {
      const address = parseAddress(pathname);
      if (address === undefined) return undefined;
      const language = address.kind === "index" ? languageOf(headers) : undefined;
      const rendered = await render(address, language);
      if (rendered === undefined) return undefined;
      const { content, headers: own } = acceptsEncodings({ headers }).includes("gzip") ? rendered.gzip : rendered.plain;
      const answer = {
        "x-content-type-options": "nosniff",
        ...await isForEver(address, rendered) ? KEEP : ASK_AGAIN,
        ...address.isDocument && DOCUMENT_HEADERS,
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

async function representation(
  content: Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Representation> {
  return { content, headers: { ...headers, "etag": await eTag(content) } };
}
