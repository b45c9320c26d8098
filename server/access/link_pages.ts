import { escape } from "@std/html/entities";
import { UploadError } from "../errors.ts";
import { refusal, refusalPage, wantsPage } from "../http/refusals.ts";
import type { DownloadLink } from "../model/link.ts";

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

/** The one answer for a link that is mistyped, expired, used up or removed. */
export function noSuchLink(request: Request): Response {
  const error = new UploadError(
    "not-found",
    "This link does not work: it may be mistyped, expired, used up or removed. Ask for a new one",
  );
  return wantsPage(request) ? refusalPage(error) : refusal(error);
}

/** The name of an owner, for people who are not signed in. */
export function ownerName({ owner }: { owner: string }): string {
  return owner.replace(/^user:/, "");
}

/**
 * Makes the page from which a browser downloads. A program that opens a link to show what it leads to gets no more, and
 * is not counted. `length` is the file's, in bytes; absent for a folder.
 */
export function downloadPage(link: DownloadLink, { name, length }: { name: string; length?: number }): Response {
  const note = link.note === undefined ? "" : `<p>${escape(link.note)}</p>`;
  const size = length === undefined ? "" : ` <span class="quiet">${sizeText(length)}</span>`;
  return page(
    `${note}<p><bdi>${escape(name)}</bdi>${size}</p>` +
      '<p><a class="button primary" href="?download" download>Download</a></p>',
    { title: `${ownerName(link)} sends you this` },
  );
}

/** Makes the page that asks for a password. After a refusal it says why. */
export function passwordPage(refused?: UploadError): Response {
  const line = refused === undefined ? "" : `<p class="error" role="alert">${escape(refused.message)}</p>`;
  return page(
    `<form method="post">${line}<p><label>Password <input type="password" name="password" required autofocus></label> ` +
      '<button class="primary">Open</button></p></form>',
    { title: "This link has a password", refused },
  );
}

function page(content: string, { title, refused }: { title: string; refused?: UploadError | undefined }): Response {
  const base = refused === undefined ? undefined : refusal(refused);
  const headers = new Headers(base?.headers);
  for (const [name, value] of Object.entries(PAGE_HEADERS)) headers.set(name, value);
  const html = '<!DOCTYPE html><html lang="en" data-ready><meta charset="UTF-8"><title>Pawl</title>' +
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">' +
    '<link rel="stylesheet" href="/page.css">' +
    `<main><header><h1>${escape(title)}</h1></header><section class="card">${content}</section></main></html>\n`;
  return new Response(html, { status: base?.status ?? 200, headers });
}

function sizeText(bytes: number): string {
  return new Intl.NumberFormat("en", {
    style: "unit",
    unit: bytes < 1e6 ? "kilobyte" : bytes < 1e9 ? "megabyte" : "gigabyte",
    maximumFractionDigits: 1,
  }).format(bytes / (bytes < 1e6 ? 1e3 : bytes < 1e9 ? 1e6 : 1e9));
}
