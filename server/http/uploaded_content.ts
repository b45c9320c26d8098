/** Types that a browser shows or plays, and never runs. SVG is none of them: it may hold scripts. */
const SHOWN =
  /^(?:image\/(?:apng|avif|bmp|gif|heic|heif|jpeg|jxl|png|tiff|webp)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/pdf|text\/plain)$/;

/**
 * The type that an uploaded file is sent as: the one that it is said to have, where that is a picture of pixels, audio,
 * video, PDF or plain text, and `application/octet-stream` for all else. With `nosniff` no browser takes any of these for
 * a script, a style sheet or a page.
 */
export function servedType(type: string | undefined): string {
  const [essence = ""] = type?.toLowerCase().split(";") ?? [];
  return type !== undefined && SHOWN.test(essence) ? type : "application/octet-stream";
}

/** For bytes and words that are somebody else's: no browser guesses a type, runs anything in them, or frames them. */
export const NEVER_RUN = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
} as const;

/**
 * What every answer below `/files/` says, refusals too. Pages of other origins cannot put it in by a tag, unless all origins
 * may use the server: the header has no list, and what a tag asks for does not say which page it is on. A page of an
 * allowed origin can by CORS, as in `<img crossorigin>`. A link works from everywhere.
 */
export function uploadedContentHeaders(allowedOrigins: readonly string[]): Readonly<Record<string, string>> {
  return {
    ...NEVER_RUN,
    "Cross-Origin-Resource-Policy": allowedOrigins.includes("*") ? "cross-origin" : "same-origin",
  };
}
