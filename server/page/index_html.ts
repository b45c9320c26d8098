/** The path of the folder that has all of the page in one version. */
const FOLDER = "/page";

const STYLE_SHEETS = /^[ \t]*<link rel="stylesheet" href="\/([a-z0-9_]+\.css)">\n/gm;
const SCRIPT = /^([ \t]*)<script type="module" src="\/(client\/[a-z0-9_/]+)\.ts"><\/script>\n/m;
const ICON = /(?<=(?:href|src)=")\/(?=[a-z0-9_]+\.(?:svg|png|ico)")/g;

/** The names of the style sheets that a page links, in their order. */
export function styleSheetsOf(html: string): string[] {
  return [...html.matchAll(STYLE_SHEETS)].map(([, name]) => name!);
}

/**
 * Makes a page quick to load: it asks for one style sheet and one script, from the folder of the version `hash`, where a
 * browser may keep them for ever. The words of `language`, if given, are asked for together with the script.
 */
export function quickPage(html: string, { hash, language }: { hash: string; language: string | undefined }): string {
  const folder = `${FOLDER}/${hash}`;
  const words = language && `<link rel="modulepreload" href="${folder}/client/languages/${language}.js">`;
  return html.replace(STYLE_SHEETS, "").replace(
    SCRIPT,
    (_, indent: string, name: string) =>
      [
        `<link rel="stylesheet" href="${folder}/page.css">`,
        `<script type="module" src="${folder}/${name}.js"></script>`,
        ...words === undefined || words === "" ? [] : [words],
      ].map((line) => `${indent}${line}\n`).join(""),
  ).replace(ICON, `${folder}/`);
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
