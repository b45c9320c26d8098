/** The content that a path of the page names. */
export interface PageAddress {
  /** "linked" is a script with all that it imports, "style" all style sheets of the page in one. */
  readonly kind: "index" | "linked" | "script" | "style" | "file";
  /** The file that it is made of, such as "client/upload/uploader.ts". */
  readonly name: string;
  /** The version of the page that the path asks for. */
  readonly hash?: string;
  /** Says the type of the content. */
  readonly extension: string;
  /** True for what a browser shows in a window of its own. */
  readonly isDocument: boolean;
}

const INDEX = "static/index.html";
const STYLE = "/page.css";
const ALIASES: Readonly<Record<string, string>> = { "/": "/index.html", "/favicon.ico": "/icon.svg" };

// These match segments of plain letters: no dot in front, no second dot, no percent sign, nothing that a decoder could
// turn into a slash. A path that they do not match has no page, so no path needs to be cleaned.
const VERSIONED = /^\/page\/([\w-]{22})(\/.*)$/;
const STATIC_FILE = /^\/([a-z0-9_]+\.(html|css|svg|png|ico))$/;
const CLIENT_FILE = /^\/(client\/(?:[a-z]+\/)?[a-z0-9_]+)\.(ts|js)$/;

/**
 * Reads the path of a URL, still percent-encoded; `undefined` for one that cannot be the page's. `/client/X.ts` is one
 * script without its types, and `/client/X.js` is the same with all that it imports. `/page.css` has all style sheets of the
 * page, for the pages of links. `/page/HASH/…` is the same as
 * `/…` in one version.
 */
export function parseAddress(pathname: string): PageAddress | undefined {
  const [, hash, versioned] = VERSIONED.exec(pathname) ?? [];
  const found = fileAt(versioned ?? ALIASES[pathname] ?? pathname);
  if (found === undefined || hash === undefined) return found;
  // The page itself is asked for again at each load, so it has no version.
  return found.kind === "index" ? undefined : { ...found, hash };
}

function fileAt(path: string): PageAddress | undefined {
  if (path === STYLE) return { kind: "style", name: INDEX, extension: "css", isDocument: false };
  const [, own, extension] = STATIC_FILE.exec(path) ?? [];
  if (own !== undefined && extension !== undefined) {
    const name = `static/${own}`;
    const isDocument = extension === "html" || extension === "svg";
    return { kind: name === INDEX ? "index" : "file", name, extension, isDocument };
  }
  const [, client, form] = CLIENT_FILE.exec(path) ?? [];
  if (client === undefined) return undefined;
  return { kind: form === "js" ? "linked" : "script", name: `${client}.ts`, extension: "js", isDocument: false };
}
