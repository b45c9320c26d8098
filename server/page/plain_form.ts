import { PLAIN_TEXTS } from "./plain_texts.ts";

/** The parts of a page that a browser shows where no script runs. */
export interface PlainParts {
  /** The content of `noscript` in the head. */
  readonly head: string;
  /** The content of `noscript` in the body. */
  readonly body: string;
}

/**
 * Makes the parts of the page for browsers in which no script runs: a form that sends files to `POST /upload` below
 * `top`. The page of an upload link has no form, because a form cannot send the secret of the link. Unknown languages
 * are English.
 */
export function plainParts({ language = "en", top, isOfLink }: {
  language?: string | undefined;
  top: string;
  isOfLink: boolean;
}): PlainParts {
  const tag = Object.hasOwn(PLAIN_TEXTS, language) ? language : "en";
  const { heading, files, send, note, needsScript } = PLAIN_TEXTS[tag]!;
  if (isOfLink) return { head: "", body: `<p class="error" lang="${tag}">${needsScript}</p>` };
  return {
    // Fetch standard, section 3.2: with "no-referrer" a form has no origin. Over plain HTTP the origin alone shows that
    // a page of this server has sent it.
    head: '<meta name="referrer" content="same-origin">',
    body: `<section class="card sign-in" lang="${tag}" aria-labelledby="plain-heading">
<form method="post" action="${top}upload" enctype="multipart/form-data">
<h2 id="plain-heading">${heading}</h2>
<label for="plain-files">${files}</label>
<div class="field"><input type="file" id="plain-files" name="file" multiple required>
<button class="primary">${send}</button></div>
<p class="quiet">${note}</p>
</form>
</section>`,
  };
}
