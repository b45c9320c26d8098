import type { PlainParts } from "./plain_form.ts";

/** The folder that has all of the page in one version. */
const FOLDER = "page";

const STYLE_SHEETS = /^[ \t]*<link rel="stylesheet" href="\/([a-z0-9_]+\.css)">\n/gm;
const SCRIPT = /^[ \t]*<script type="module" src="\/(client\/[a-z0-9_/]+)\.ts"><\/script>\n/m;
const PLAIN = /^[ \t]*<noscript><\/noscript>\n/gm;
const ICON = /(?<=(?:href|src)=")\/(?=[a-z0-9_]+\.(?:svg|png|ico)")/g;
const MODULE_PRELOAD = /(?<=<link rel="modulepreload" href=")\/(?=client\/)/g;

/** The names of the style sheets that a page links, in their order. */
export function styleSheetsOf(html: string): string[] {
  return [...html.matchAll(STYLE_SHEETS)].map(([, name]) => name!);
}

/** Joins style sheets, without what only people read: comments, empty lines and indents. */
export function joinedStyle(sheets: readonly string[]): string {
  return sheets.join("\n").replace(/\/\*[^]*?\*\//g, "").replace(/^[ \t]+/gm, "").replace(/\n{2,}/g, "\n");
}

/** The parts that a page is made of, besides its own text. */
export interface PageParts {
  /** All its style sheets. */
  readonly style: string;
  /** Its script, with all that it imports. */
  readonly script: string;
  /** The version of the page. */
  readonly hash: string;
  /** The way from the page's address to the top of the server, such as `./` or `../`. */
  readonly top: string;
  /** The visitor, as `visitorText()` writes it; empty when the page is to ask for it. */
  readonly visitor: string;
  /** The parts that are shown where no script runs: they go into the `noscript` of head and body. */
  readonly plain: PlainParts;
}

/**
 * Makes a page quick to load: style, script and visitor are in it, so that nothing waits for another round trip. What it
 * asks for besides comes from the folder of its version, where a browser may keep it for ever. `data-client` of the
 * document says where the client's modules are, `data-top` where the server is, and `data-visitor` who the visitor is. All
 * addresses are relative, so the page works below any path. Throws when style or script cannot stand in a page.
 */
export function quickPage(html: string, { style, script, hash, top, visitor, plain }: PageParts): string {
  if (/<\/style/i.test(style)) throw new Error("A style sheet has the end of its element in it");
  // HTML, section 4.12.1.3: a comment or another script would change where this one ends.
  if (/<\/script|<script|<!--/i.test(script)) {
    throw new Error("A script has a tag of a script, or a comment of HTML, in it");
  }
  const folder = `${top}${FOLDER}/${hash}`;
  const plainly = [plain.head, plain.body].map((part) => part === "" ? "" : `<noscript>${part}</noscript>\n`);
  const ofVisitor = visitor === "" ? "" : `data-visitor="${visitor}" `;
  return html.replace(PLAIN, () => plainly.shift() ?? "").replace(
    "<html ",
    () => `<html data-top="${top}" data-client="${folder}/client" ${ofVisitor}`,
  )
    .replace(MODULE_PRELOAD, `${folder}/`).replace(STYLE_SHEETS, "").replace(ICON, `${folder}/`)
    .replace(SCRIPT, () => `<style>${style}</style>\n<script type="module">${script}</script>\n`);
}

/** The name of the script that a page begins with, such as "client/page/main.ts". */
export function scriptOf(html: string): string | undefined {
  const name = SCRIPT.exec(html)?.[1];
  return name && `${name}.ts`;
}

/**
 * The first language of `Accept-Language` (RFC 9110, section 12.5.4) that `isSpoken`, without its country. Browsers
 * list what they prefer first, so weights are not looked at, except for "not at all".
 */
export function preferredLanguage(
  acceptLanguage: string | null,
  isSpoken: (language: string) => boolean,
): string | undefined {
  const wanted = (acceptLanguage ?? "").slice(0, 1000).split(",").flatMap((range) => {
    const [, language] = /^\s*([a-z]{2,3})(?:-[a-z0-9-]*)?\s*(?:;(?!\s*q=0(?:\.0*)?\s*$).*)?$/i.exec(range) ?? [];
    return language === undefined ? [] : [language.toLowerCase()];
  });
  return wanted.find(isSpoken);
}
