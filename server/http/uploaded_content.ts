/** The types that a browser shows or plays and never runs. SVG is not among them, because it may hold scripts. */
const SHOWN =
  /^(?:image\/(?:apng|avif|bmp|gif|heic|heif|jpeg|jxl|png|tiff|webp)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/pdf|text\/plain)$/;

/**
 * The `Content-Type` of an uploaded file: its own type if that is a picture of pixels, audio, video, PDF or plain text,
 * and otherwise `application/octet-stream`. With `nosniff` no browser takes any of these for a script, a style sheet or
 * a page.
 */
export function servedType(type: string | undefined): string {
  const [essence = ""] = type?.toLowerCase().split(";") ?? [];
  return type !== undefined && SHOWN.test(essence) ? type : "application/octet-stream";
}

/**
 * Headers for content that came from clients: no browser guesses its type, runs anything in it, or shows it in a frame.
 */
export const NEVER_RUN = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
} as const;

/**
 * The headers of every answer below `/files/`, refusals too. Pages of other origins cannot embed a file by a tag,
 * unless all origins are allowed: the header takes no list of origins, and a tag's request does not name its page. A
 * page of an allowed origin can embed a file by CORS, as in `<img crossorigin>`. A link works from everywhere.
 */
export function uploadedContentHeaders(allowedOrigins: readonly string[]): Readonly<Record<string, string>> {
  return {
    ...NEVER_RUN,
    "Cross-Origin-Resource-Policy": allowedOrigins.includes("*") ? "cross-origin" : "same-origin",
  };
}
