import { escape } from "@std/html/entities";
import { answerTexts } from "./answer_texts.ts";
import type { ToldLine } from "./told.ts";

/** A line about a file, and the file's name for people. */
export interface Told {
  readonly line: ToldLine;
  readonly name: string;
}

/**
 * Makes the page for a person who has sent a form without a script, in the language that the browser prefers and the
 * style of the page with the form. The reasons of refusals are in English.
 */
export function answerPage(told: readonly Told[], end: ToldLine, acceptLanguage: string | null): string {
  const { language, texts } = answerTexts(acceptLanguage);
  const sizes = new Intl.NumberFormat(language, { style: "unit", unit: "byte", unitDisplay: "long" });
  const arrived = told.filter(({ line }) => line.error === undefined);
  const refused = told.filter(({ line }) => line.error !== undefined);
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? "" : `<h2>${title}</h2><ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
  const title = end.error === undefined && refused.length === 0
    ? arrived.length === 0 ? texts.none : texts.all
    : texts.notAll;
  return `<!doctype html><html lang="${language}" data-ready><meta charset="utf-8"><title>${title}</title>` +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    '<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="./page.css">' +
    `<main><header><h1>${title}</h1></header><section class="card">` +
    (end.error === undefined ? "" : `<p class="error" lang="en">${escape(end.detail ?? "")}</p>`) +
    list(
      texts.arrived,
      arrived.map(({ line, name }) => `${shown(line.path ?? name)}, ${sizes.format(line.offset ?? 0)}`),
    ) +
    list(texts.notTaken, refused.map(({ line, name }) => `${shown(name)}: ${escape(line.detail ?? "")}`)) +
    `<p><a class="button" href="./">${texts.back}</a></p></section></main></html>\n`;
}

/** A client's text without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, " ").slice(0, 300);
}

/** A name in a page. `bdi` keeps one that is written from right to left from changing what stands beside it. */
function shown(name: string): string {
  return `<bdi>${escape(oneLine(name))}</bdi>`;
}
