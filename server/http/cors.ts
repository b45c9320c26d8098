/** The request headers that a page of another origin may send. */
const ALLOWED_HEADERS = [
  "Content-Digest",
  "Content-Type",
  "Repr-Digest",
  "Tus-Resumable",
  "Upload-Checksum",
  "Upload-Concat",
  "Upload-Defer-Length",
  "Upload-Length",
  "Upload-Metadata",
  "Upload-Offset",
  "X-File-Id",
  "X-File-Modified",
  "X-File-Name",
  "X-File-Path",
  "X-File-Size",
  "X-File-Type",
  "X-HTTP-Method-Override",
  "X-Request-Id",
  "X-Start-Byte",
  "X-Start-Over",
].join(", ");

/** The response headers that a page of another origin may read. */
const EXPOSED_HEADERS = [
  "Content-Disposition",
  "Location",
  "Retry-After",
  "Tus-Checksum-Algorithm",
  "Tus-Extension",
  "Tus-Max-Size",
  "Tus-Resumable",
  "Tus-Version",
  "Upload-Complete",
  "Upload-Concat",
  "Upload-Defer-Length",
  "Upload-Expires",
  "Upload-Length",
  "Upload-Limit",
  "Upload-Metadata",
  "Upload-Offset",
  "X-Error",
  "X-Request-Id",
].join(", ");

/**
 * The CORS headers of an answer to `request` (Fetch standard, section 3.3), empty where its origin is not among
 * `allowed`. `methods` are those of the resource; a preflight is told them, and the headers it may send.
 */
export function corsHeaders(
  request: Request,
  { allowed, methods }: { allowed: readonly string[]; methods: readonly string[] },
): Record<string, string> {
  if (allowed.length === 0) return {};
  const origin = request.headers.get("origin");
  if (origin === null || !(allowed.includes("*") || allowed.includes(origin))) return { "Vary": "Origin" };
  return {
    "Vary": "Origin",
    "Access-Control-Allow-Origin": allowed.includes("*") ? "*" : origin,
    "Access-Control-Expose-Headers": EXPOSED_HEADERS,
    ...request.method === "OPTIONS" && {
      "Access-Control-Allow-Methods": methods.join(", "),
      "Access-Control-Allow-Headers": ALLOWED_HEADERS,
      "Access-Control-Max-Age": "86400",
    },
  };
}
