import { eTag, ifNoneMatch } from "@std/http/etag";
import { STATUS_CODE } from "@std/http/status";
import { contentType } from "@std/media-types";
import { join } from "@std/path";
import { stripTypeScriptTypes } from "node:module";
import { gzipSync } from "node:zlib";
import { fileVersion, listFiles } from "./page_files.ts";

/** The page and the client library, as a browser loads them. */
export interface Pages {
  /**
   * Answers a GET or HEAD for `pathname` (as it stands in the URL, still percent-encoded) with the file that it names,
   * or 304 when `headers` show that the browser has it already. Gives `undefined` when no file has that path.
   * Throws when a client file is not TypeScript that a browser can run; the message names the file and the line.
   */
  serve(pathname: string, headers: Headers): Promise<Response | undefined>;
}

interface Rendered {
  /** The file's version, from `fileVersion`. */
  version: string;
  plain: Representation;
  gzip: Representation;
}

interface Representation {
  content: Uint8Array<ArrayBuffer>;
  headers: Readonly<Record<string, string>>;
}

interface Source {
  /** Its path inside the root, such as "client/upload/uploader.ts". */
  name: string;
  mediaType: string;
}

const ALIASES: Readonly<Record<string, string>> = { "/": "/index.html", "/favicon.ico": "/icon.svg" };
// These match segments of plain letters: no dot in front, no second dot, no percent sign, nothing that a decoder could
// turn into a slash. A path that they do not match has no page, so no path needs to be cleaned.
const STATIC_FILE = /^\/([a-z0-9_]+\.(html|css|svg|png|ico))$/;
const CLIENT_FILE = /^\/client\/((?:[a-z]+\/)?[a-z0-9_]+\.ts)$/;

const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-cache",
  "x-content-type-options": "nosniff",
};

/** Headers of documents. A script or a style sheet needs no policy, because a browser applies only the document's. */
const DOCUMENT_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/** The folders of the page's files. */
export interface PagesOptions {
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** Folders of which nothing is served, wherever they lie: their files were uploaded. */
  readonly except?: readonly string[];
}

/**
 * Serves the files that lie in the folders `static` and `client` now, and no file that comes later. An edit of a file
 * is served from the next request on. Throws when a folder cannot be read.
 */
export function createPages({ root, except = [] }: PagesOptions): Pages {
  const paths = new Map(["static", "client"].flatMap((folder) => listFiles(join(root, folder), folder, except)));
  const cache = new Map<string, Rendered>();

  async function render({ name }: Source): Promise<Rendered | undefined> {
    const path = paths.get(name);
    const version = path && await fileVersion(path);
    if (path === undefined || version === undefined) return undefined;
    const cached = cache.get(name);
    if (cached?.version === version) return cached;
    const bytes = await Deno.readFile(path);
    const content = name.endsWith(".ts") ? stripTypes(bytes, name) : bytes;
    const rendered = {
      version,
      plain: await representation(content),
      gzip: await representation(new Uint8Array(gzipSync(content)), { "content-encoding": "gzip" }),
    };
    cache.set(name, rendered);
    return rendered;
  }

  return {
    async serve(pathname, headers) {
      const source = findSource(pathname);
      const rendered = source && await render(source);
      if (source === undefined || rendered === undefined) return undefined;
      const { content, headers: own } = acceptsGzip(headers) ? rendered.gzip : rendered.plain;
      const answer = { ...PAGE_HEADERS, ...isDocument(source) && DOCUMENT_HEADERS, ...own };
      if (!ifNoneMatch(headers.get("if-none-match"), own["etag"])) {
        return new Response(null, { status: STATUS_CODE.NotModified, headers: answer });
      }
      return new Response(content, { headers: { ...answer, "content-type": source.mediaType } });
    },
  };
}

async function representation(
  content: Uint8Array<ArrayBuffer>,
  encoding: Record<string, string> = {},
): Promise<Representation> {
  return { content, headers: { ...encoding, "vary": "Accept-Encoding", "etag": await eTag(content) } };
}

/** True when a client accepts gzip. A weight of 0 means that it does not (RFC 9110, section 12.5.3). */
function acceptsGzip(headers: Headers): boolean {
  return /(?:^|[,\s])gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))|,|$)/i.test(headers.get("accept-encoding") ?? "");
}

function isDocument({ name }: Source): boolean {
  return name.endsWith(".html") || name.endsWith(".svg");
}

function findSource(pathname: string): Source | undefined {
  const path = ALIASES[pathname] ?? pathname;
  const [, staticName, extension] = STATIC_FILE.exec(path) ?? [];
  if (staticName !== undefined && extension !== undefined) {
    return { name: `static/${staticName}`, mediaType: contentType(extension) ?? "application/octet-stream" };
  }
  const [, clientName] = CLIENT_FILE.exec(path) ?? [];
  if (clientName === undefined) return undefined;
  return { name: `client/${clientName}`, mediaType: "text/javascript; charset=UTF-8" };
}

/** Comments that have lines to themselves. They are a third of what a browser would load. */
const OWN_LINES = /^[ \t]*(?:\/\/.*|\/\*\*(?:(?!\*\/)[^])*\*\/[ \t]*)$/gm;

/**
 * Replaces types and comments by spaces. Lines and columns stay the same, so the browser's errors point into the
 * source.
 */
function stripTypes(source: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(source);
  try {
    return new TextEncoder().encode(withoutComments(stripTypeScriptTypes(text)));
  } catch (cause) {
    const { position, reason } = explain(cause, text);
    throw new Error(`Cannot serve ${name}${position}: ${reason}`, { cause });
  }
}

function withoutComments(script: string): string {
  const blanked = script.replace(OWN_LINES, (comment) => comment.replace(/[^\n]/g, " "));
  // Inside a template literal of several lines, a line that looks like a comment may be text. Such a script keeps all
  // its comments.
  const hasLongText = blanked.split("\n").some((line) => line.split("`").length % 2 === 0);
  return hasLongText ? script : blanked;
}

function explain(error: unknown, text: string): { position: string; reason: string } {
  const [message = "", position] = located(error);
  if (position !== undefined) return { position, reason: message };
  // Mode "strip" does not say where a syntax error is; mode "transform", which fails on the same error, does.
  try {
    stripTypeScriptTypes(text, { mode: "transform" });
  } catch (detailed) {
    const [reason = message, detailedPosition = ""] = located(detailed);
    return { position: detailedPosition, reason };
  }
  return { position: "", reason: message };
}

/** The first line of an error's message, without a trailing "at file:…", and ":line:column" when it names one. */
function located(error: unknown): [message?: string, position?: string] {
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine = ""] = message.split("\n");
  const reason = firstLine.replace(/\s*at file:.*$/, "").replace(/^SyntaxError: /, "");
  const position = /stripTypeScriptTypes\.ts(:\d+:\d+)/.exec(message)?.[1];
  return position === undefined ? [reason] : [reason, position];
}
