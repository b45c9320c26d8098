import { escape } from "@std/html/entities";
import { UploadError } from "../errors.ts";
import { refusal, refusalPage, wantsPage } from "../http/refusals.ts";
import type { DownloadLink } from "../model/link.ts";
import { languageFor, LINK_TEXTS, type LinkLanguage, type LinkTexts } from "./link_texts.ts";

/** The headers of a page for a link. Nothing can run on it or frame it. */
const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=UTF-8",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  // Another site gets the origin at most. With "no-referrer" a browser would send the form's Origin as "null".
  "Referrer-Policy": "strict-origin",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
} as const;

/**
 * The one answer for a link that is mistyped, expired, used up or removed. A person gets it in the language that the
 * browser prefers.
 */
export function noSuchLink(request: Request): Response {
  const error = new UploadError(
    "not-found",
    "This link does not work: it may be mistyped, expired, used up or removed. Ask for a new one",
  );
  if (!wantsPage(request)) return refusal(error);
  const language = languageFor(request);
  return refusalPage(error.withMessage(LINK_TEXTS[language].noSuchLink), language);
}

/** The name of an owner, for people who are not signed in. */
export function ownerName({ owner }: { owner: string }): string {
  return owner.replace(/^user:/, "");
}

/**
 * Makes the page from which a browser downloads. A program that opens a link to show what it leads to gets no more, and
 * is not counted. `length` is the file's, in bytes; absent for a folder.
 */
export function downloadPage(
  request: Request,
  link: DownloadLink,
  { name, length }: { name: string; length?: number },
): Response {
  const language = languageFor(request);
  const texts = LINK_TEXTS[language];
  const note = link.note === undefined ? "" : `<p dir="auto">${escape(link.note)}</p>`;
  const size = length === undefined ? "" : ` <span class="quiet">${sizeText(length, language)}</span>`;
  return page(
    `${note}<p><bdi>${escape(name)}</bdi>${size}</p>` +
      `<p><a class="button primary" href="?download" download>${texts.download}</a></p>`,
    { title: texts.sends(ownerName(link)), language },
  );
}

/** Makes the page that asks for a password. After a refusal it says why. */
export function passwordPage(request: Request, refused?: UploadError): Response {
  const language = languageFor(request);
  const texts = LINK_TEXTS[language];
  const line = refused === undefined ? "" : `<p class="error" role="alert">${escape(whyNot(refused, texts))}</p>`;
  return page(
    `<form method="post">${line}` +
      `<p><label>${texts.password} <input type="password" name="password" required autofocus></label> ` +
      `<button class="primary">${texts.open}</button></p></form>`,
    { title: texts.hasPassword, language, refused },
  );
}

/** The reason why a password was not taken. */
function whyNot({ code, message }: UploadError, texts: LinkTexts): string {
  if (code === "unauthorized") return texts.wrongPassword;
  if (code === "too-many-guesses") return texts.tooManyGuesses;
  return code === "too-many" ? texts.busy : message;
}

interface PageFacts {
  readonly title: string;
  readonly language: LinkLanguage;
  readonly refused?: UploadError | undefined;
}

function page(content: string, { title, language, refused }: PageFacts): Response {
  const base = refused === undefined ? undefined : refusal(refused);
  const headers = new Headers(base?.headers);
  for (const [name, value] of Object.entries(PAGE_HEADERS)) headers.set(name, value);
  const html = `<!DOCTYPE html><html lang="${language}" data-ready><meta charset="UTF-8"><title>Pawl</title>` +
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">' +
    '<link rel="stylesheet" href="../page.css">' +
    `<main><header><h1>${escape(title)}</h1></header><section class="card">${content}</section></main></html>\n`;
  return new Response(html, { status: base?.status ?? 200, headers });
}

function sizeText(bytes: number, language: LinkLanguage): string {
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: bytes < 1e6 ? "kilobyte" : bytes < 1e9 ? "megabyte" : "gigabyte",
    maximumFractionDigits: 1,
  }).format(bytes / (bytes < 1e6 ? 1e3 : bytes < 1e9 ? 1e6 : 1e9));
}
