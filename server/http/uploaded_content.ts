/**
 * Headers for content that came from clients: no browser guesses its type, runs anything in it, or shows it in a frame.
 */
export const NEVER_RUN = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
} as const;

/** The style is that of the browser's own page around a picture or a player. */
const OWN_STYLE = "style-src 'unsafe-inline'; frame-ancestors 'none'";

/**
 * The headers for a file that a browser shows as `type`, where they differ from {@linkcode NEVER_RUN}. A player loads
 * the file once more, as a page of this origin. Nothing can run there either, because `allow-scripts` is missing.
 */
export function shownHeaders(type: string): Readonly<Record<string, string>> {
  if (type.startsWith("image/")) {
    return { "Content-Security-Policy": `sandbox; default-src 'none'; ${OWN_STYLE}` };
  }
  if (!/^(?:audio|video)\//.test(type)) return {};
  return { "Content-Security-Policy": `sandbox allow-same-origin; default-src 'none'; media-src 'self'; ${OWN_STYLE}` };
}

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
