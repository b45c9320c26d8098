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
