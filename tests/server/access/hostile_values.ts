// The texts that hostile requests are made of. The words in capital letters stand for what they stand for in the matrix.

const json = (value: unknown) => JSON.stringify(value);

/** What is often not thought of, in paths, queries, and the values of headers. */
export const PIECES = [
  ...[
    "/",
    "//",
    "/../",
    "/./",
    "\\",
    "%2f",
    "%2e%2e",
    "%00",
    "%",
    "%zz",
    "%ff",
    "?",
    "#",
    ";",
    "&",
    "=",
    " ",
    "\t",
    ",",
  ],
  ...["\x7f", "\xff", "\xc3\xa9", '"', "'", "*", "-", "-1", "0", "00", "1e9", "0x1", "NaN", "null", "__proto__"],
  ...["9007199254740993", "18446744073709551616", "99999999999999999999999", "constructor", "pawl_", "<script>"],
];
/** Values that mean something in each header. */
export const VALUES: Readonly<Record<string, readonly string[]>> = {
  "Authorization": ["Bearer", "Basic", "Basic !", `Basic ${btoa("a:b")}`, `Bearer pawl_${"a".repeat(43)}`, "Digest a"],
  "Content-Digest": [`sha-256=:${btoa("a".repeat(32))}:`, "sha-256=:*:", "md5=:YQ==:", "sha-256"],
  "Content-Encoding": ["identity", "gzip", "br, gzip"],
  "Content-Disposition": ['inline; filename="a.txt"', "a; filename*=UTF-8''annas%2fsecret.bin", "filename="],
  "Content-Type": [
    "application/partial-upload",
    "application/json",
    "application/offset+octet-stream",
    "text/html",
    "multipart/form-data",
  ],
  "If-Match": ["*", '"a"', 'W/"a"', '"a", "b"'],
  "If-Modified-Since": ["Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
  "If-None-Match": ["*", '"a"', 'W/"a"', ",,"],
  "If-Range": ['"a"', "Sun, 06 Nov 1994 08:49:37 GMT"],
  "If-Unmodified-Since": ["Sun, 06 Nov 2094 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"],
  "Range": ["bytes=0-1", "bytes=-1", "bytes=9-", "bytes=0-0,2-3", "bytes=1-0"],
  "Repr-Digest": [`sha-256=:${btoa("a".repeat(32))}:`],
  "Tus-Resumable": ["1.0.0", "0.2.2", "1.0.0, 1.0.0"],
  "Upload-Checksum": [`sha1 ${btoa("a".repeat(20))}`, `sha256 ${btoa("a".repeat(32))}`, "md5 a"],
  "Upload-Complete": ["?1", "?0", "true", "?1;a"],
  "Upload-Concat": [
    "partial",
    "final;",
    "final;/files/PARTIAL",
    "final;/files/PARTIAL /files/PARTIAL",
    "final;FINISHED",
  ],
  "Upload-Defer-Length": ["1", "0"],
  "Upload-Draft-Interop-Version": ["3", "5", "6", "8", "10", "11"],
  "Upload-Incomplete": ["?1", "?0"],
  "Upload-Length": ["0", "1", "3", "6", "-1", "3.5"],
  "Upload-Metadata": ["filename YQ==", "filename", "relativePath YS9i", "a b,a b", "filename Li4vYQ==", "is_a ,b"],
  "Upload-Offset": ["0", "3", "6", "-1"],
  "Want-Repr-Digest": ["sha-256=10", "sha-512=1, md5=2", "sha-256"],
  "X-File-Id": ["unfinished", "new", "a", "UNFINISHED"],
  "X-File-Metadata": ["a=YQ", json({ a: "b" })],
  "X-File-Modified": ["0", "1700000000000", "-1"],
  "X-File-Name": ["a.txt", "..", "annas%2fsecret.bin", "con", "a%00b", ".%2e"],
  "X-File-Path": ["annas/secret.bin", "../a", "a//b", "/etc/passwd", "annas/../annas/secret.bin", "a/b/c/d"],
  "X-File-Size": ["0", "3", "6", "1", "-1"],
  "X-File-Type": ["text/html", "image/png"],
  "X-HTTP-Method-Override": ["PATCH", "DELETE", "PUT", "GET", "patch"],
  "X-Request-Id": ["a", "a b"],
  "X-Start-Byte": ["0", "3", "6", "-1"],
  "X-Start-Over": ["1", "?1", "?0"],
  "Accept": ["text/html", "*/*", "application/json"],
  "Accept-Encoding": ["gzip", "br"],
  "Access-Control-Request-Method": ["DELETE"],
  "Access-Control-Request-Headers": ["x-file-id", "authorization"],
  "Connection": ["keep-alive", "close", "X-File-Id", "upgrade"],
  "Cookie": ["pawl=a", "pawl=1.a.b.2.c", "__Host-pawl=a", "pawl-link=link.a.opened.1.b", "a=b; pawl=; pawl=c", ";;;="],
  "Expect": ["100-continue"],
  "Forwarded": ["for=192.0.2.1;proto=https", 'for="[2001:db8::1]:80"', "for=unknown, for=127.0.0.1"],
  "Host": ["localhost", "evil.example"],
  "Origin": ["null", "https://evil.example", "http://localhost", "http://localhost:80"],
  "Referer": ["https://evil.example/DOWNLOADLINK"],
  "Remote-User": ["mallory", "anna", "admin", "anonymous", "a,b", "anna,LINKID,a", "user:anna"],
  "Sec-Fetch-Site": ["same-origin", "same-site", "cross-site", "none"],
  "Upgrade": ["h2c", "websocket"],
  "X-Forwarded-For": ["192.0.2.1", "127.0.0.1", "2001:db8::1", "unknown", "192.0.2.2, 127.0.0.1"],
  "X-Forwarded-Host": ["evil.example"],
  "X-Forwarded-Proto": ["https", "http", "ws"],
};

/** Targets that are in no row of the matrix. */
export const TARGETS = [
  ...[
    "/",
    "*",
    "//",
    "/files",
    "/files/",
    "/files/FINISHED/",
    "/files//FINISHED",
    "/%66iles/FINISHED",
    "/api",
    "/api/",
  ],
  ...[
    "/healthz",
    "/metrics",
    "/.git/config",
    "/pawl.db",
    "/incoming/UNFINISHED",
    "/../pawl.db",
    "/client/../deno.json",
  ],
  ...["/api/uploads?limit=1&cursor=1.FINISHED", "/api/uploads?owner=anna", "/api/uploads?owner=__proto__", "/status?a"],
  ...["/files/?folder=", "/files/?folder=.", "/files/?folder=annas&folder=..", "/files/?folder=%61nnas%2f", "/files/?"],
  ...["http://localhost/files/FINISHED", "http://evil/", "/d/LOCKEDLINK", "/d/LOCKEDLINK?download", "/u/LINKID", "/d/"],
];

/** Methods, of which the server has some. */
export const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PATCH",
  "DELETE",
  "PUT",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "get",
  "PROPFIND",
  "QUERY",
];

/** Bodies that some route takes, and others that are nearly such. */
export const BODIES = [
  json({ token: "x" }),
  json({ kind: "upload", folder: "annas", maxFiles: 1, maxSize: 1, note: "a", expiresIn: 1 }),
  json({ kind: "download", file: "FINISHED" }),
  json({ kind: "download", folder: "annas" }),
  json([[[[]]]]),
  '{"kind":"upload","__proto__":{"owner":"anna"}}',
  "password=x&password=",
];

/** What ends a line or a request where none was to end, or tells of a body that there is not. */
export const BREAKS = [
  ...["\r\n", "\n", "\r", "\r\n ", "\r\n\t", "\r\n\r\n", "\0", "HTTP/1.0", "\r\nHost: a", "\r\nConnection: close"],
  ...["\r\nContent-Length: 5", "\r\nContent-Length: 99999999999", "\r\nTransfer-Encoding: x"],
  ...["\r\nTransfer-Encoding: chunked", "\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", "\r\n\r\nffffffffffffffffff\r\n"],
  ...["\r\n\r\n-1\r\n", "\r\n\r\n1;a\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
];
