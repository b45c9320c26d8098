/**
 * Every request header that a resource for pages of other origins reads. Such a page may send each of them. Handlers
 * read headers by {@linkcode header}, which accepts no other name.
 */
export const REQUEST_HEADERS = [
  "Authorization",
  "Content-Digest",
  "Content-Disposition",
  "Content-Encoding",
  "Content-Type",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "If-Range",
  "If-Unmodified-Since",
  "Range",
  "Repr-Digest",
  "Tus-Resumable",
  "Upload-Checksum",
  "Upload-Complete",
  "Upload-Concat",
  "Upload-Defer-Length",
  "Upload-Draft-Interop-Version",
  "Upload-Incomplete",
  "Upload-Length",
  "Upload-Metadata",
  "Upload-Offset",
  "Want-Repr-Digest",
  "X-File-Id",
  "X-File-Metadata",
  "X-File-Modified",
  "X-File-Name",
  "X-File-Path",
  "X-File-Size",
  "X-File-Type",
  "X-HTTP-Method-Override",
  "X-Request-Id",
  "X-Start-Byte",
  "X-Start-Over",
] as const;

/** Request headers about the connection. A browser sets them, and no page can. */
export const CONNECTION_HEADERS = ["Content-Length", "Transfer-Encoding"] as const;

/** Every answer header that pages of other origins may read, which browsers allow only for listed headers. */
export const ANSWER_HEADERS = [
  "Accept-Patch",
  "Accept-Ranges",
  "Content-Disposition",
  "Content-Range",
  "ETag",
  "Location",
  "Repr-Digest",
  "Retry-After",
  "Tus-Checksum-Algorithm",
  "Tus-Extension",
  "Tus-Max-Size",
  "Tus-Resumable",
  "Tus-Version",
  "Upload-Complete",
  "Upload-Concat",
  "Upload-Defer-Length",
  "Upload-Draft-Interop-Version",
  "Upload-Expires",
  "Upload-Incomplete",
  "Upload-Length",
  "Upload-Limit",
  "Upload-Metadata",
  "Upload-Offset",
  "Want-Content-Digest",
  "Want-Repr-Digest",
  "X-Error",
  "X-Request-Id",
] as const;

export type RequestHeader = typeof REQUEST_HEADERS[number] | typeof CONNECTION_HEADERS[number];

/** The headers of a request, or of a part of its body. */
export type Fields = Pick<Headers, "get">;

/** The value of a request header; `null` when it is absent. */
export function header(headers: Fields, name: RequestHeader): string | null {
  return headers.get(name);
}
