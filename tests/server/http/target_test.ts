import { assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { createGate, isAllowedHost, parseTarget } from "../../../server/http/target.ts";

/** `url` is what Deno 2.9 makes of the target and `Host`: it puts them together, and looks at neither. */
const GOOD: readonly [url: string, host: string, path: string, name: string][] = [
  ["http://localhost/", "localhost", "/", "localhost"],
  ["http://localhost:8080/status", "localhost:8080", "/status", "localhost"],
  ["http://LOCALHOST:80/x", "LOCALHOST:80", "/x", "localhost"],
  ["http://localhost:/x", "localhost:", "/x", "localhost"],
  ["http://up.example./x", "up.example.", "/x", "up.example"],
  ["http://[::1]:8080/x", "[::1]:8080", "/x", "[::1]"],
  ["http://10.0.0.1/x?y=/../z&q=\\", "10.0.0.1", "/x", "10.0.0.1"],
  ["http://a/files/AAAAAAAAAAAAAAAAAAAAA-", "a", "/files/AAAAAAAAAAAAAAAAAAAAA-", "a"],
  ["http://a//b//c", "a", "//b//c", "a"],
  ["http://a/%66iles/%2e%2E%2fx", "a", "/%66iles/%2e%2E%2fx", "a"],
  ["http://a/...", "a", "/...", "a"],
  ["http://a/.well-known/x.", "a", "/.well-known/x.", "a"],
  ["http://a?x", "a", "/", "a"],
  ["http://a/http://b/", "a", "/http://b/", "a"],
];

const NO_HOST = "Send a Host header: without HTTPS this server speaks HTTP/1.1 alone";
const BAD_HOST = "The Host header must be a name or an address, and a port at most";
const OTHER_HOST = "The request must go to the host that its Host header names";
const BAD_PATH = "The request's path must begin with a slash, be percent-encoded, and have no . or .. in it";

const BAD: readonly [url: string, host: string | null, malformed: string][] = [
  ["http://localhost:8080/", null, NO_HOST],
  ["http://localhost:8080/", "", NO_HOST],
  ["", "a", OTHER_HOST],
  ["http://a:99999/", "a:99999", BAD_HOST],
  ["http://a b/", "a b", BAD_HOST],
  ["http://a,b/", "a,b", BAD_HOST],
  ["http://u@a/", "u@a", BAD_HOST],
  ["http://u:p@a/", "u:p@a", BAD_HOST],
  ["http://é/", "Ã©", BAD_HOST],
  ["http://a%00/", "a%00", BAD_HOST],
  ["http://[::1/", "[::1", BAD_HOST],
  ["http://[:::]/", "[:::]", BAD_HOST],
  ["http://::1/", "::1", BAD_HOST],
  ["http://x\\files\\ID#/", "x\\files\\ID#", BAD_HOST],
  ["http://x/files/ID#/", "x/files/ID#", BAD_HOST],
  ["http://a?b/", "a?b", BAD_HOST],
  ["http://http://a/x", "http://a", BAD_HOST],
  ["http://evil/x", "localhost", OTHER_HOST],
  ["http://evil:99999/x", "localhost", OTHER_HOST],
  ["https://localhost/x", "localhost", OTHER_HOST],
  ["HTTP://localhost/x", "localhost", OTHER_HOST],
  ["ftp://localhost/x", "localhost", OTHER_HOST],
  ["http://u:p@localhost/x", "localhost", OTHER_HOST],
  ["http://localhost.evil/x", "localhost", BAD_PATH],
  ["http://localhost:81/x", "localhost", BAD_PATH],
  ["http://localhost@evil/x", "localhost", BAD_PATH],
  ["http://localhost", "localhost", BAD_PATH],
  ["http://localhost#/x", "localhost", BAD_PATH],
  ["http://localhost/x#y", "localhost", BAD_PATH],
  ["http://localhost/x?y#z", "localhost", BAD_PATH],
  ["http://localhost\\files\\ID", "localhost", BAD_PATH],
  ["http://localhost/x\\..\\files\\ID", "localhost", BAD_PATH],
  ["http://localhost/\\x", "localhost", BAD_PATH],
  ["http://localhost/.%2e/files/ID", "localhost", BAD_PATH],
  ["http://localhost/%2E%2e", "localhost", BAD_PATH],
  ["http://localhost/../x", "localhost", BAD_PATH],
  ["http://localhost/x/.", "localhost", BAD_PATH],
  ["http://localhost/./x", "localhost", BAD_PATH],
  ["http://localhost/x/..", "localhost", BAD_PATH],
  ["http://localhost/%", "localhost", BAD_PATH],
  ["http://localhost/%zz", "localhost", BAD_PATH],
  ["http://localhost/é", "localhost", BAD_PATH],
  ["http://localhost/a b", "localhost", BAD_PATH],
  ["http://localhost/a\nb", "localhost", BAD_PATH],
  ["http://localhost/a\n", "localhost", BAD_PATH],
  ["http://localhost/<x>", "localhost", BAD_PATH],
];

Deno.test("parseTarget() gives a path as it was sent, and the host without its port", () => {
  for (const [url, host, path, name] of GOOD) {
    assertEquals([url, parseTarget({ url, host })], [url, { path, host: name }]);
  }
});

Deno.test("parseTarget() says what is malformed, and never takes a part of the host for the path", () => {
  for (const [url, host, malformed] of BAD) assertEquals([url, parseTarget({ url, host })], [url, { malformed }]);
});

Deno.test("parseTarget() takes the host from the URL over TLS alone, where HTTP/2 has it", () => {
  const target = { path: "/x", host: "up.example" };
  for (
    const [url, host, isTls, parsed] of [
      ["https://up.example:443/x?y", null, true, target],
      ["https://UP.example/x", "UP.example", true, target],
      ["http://up.example/x", "up.example", true, target],
      ["http+unix://up.example/x", "up.example", false, target],
      ["https://up.example/x", null, false, { malformed: NO_HOST }],
      ["http://up.example/x", null, true, { malformed: NO_HOST }],
      ["http+unix://%2Frun%2Fpawl%2Esock/x", null, false, { malformed: NO_HOST }],
      ["https:///x", null, true, { malformed: NO_HOST }],
      ["https://user@up.example/x", null, true, { malformed: BAD_HOST }],
      ["https://up.example\\.evil/x", null, true, { malformed: BAD_PATH }],
      ["https://evil/x", "up.example", true, { malformed: OTHER_HOST }],
      ["https://up.example/a/../b", null, true, { malformed: BAD_PATH }],
    ] as const
  ) assertEquals([url, parseTarget({ url, host, isTls })], [url, parsed]);
});

Deno.test("parseTarget() takes no longer for a long target than it is long", () => {
  const path = `/${"%2e".repeat(20_000)}`;
  assertEquals(parseTarget({ url: `http://a${path}`, host: "a" }), { path, host: "a" });
  assertEquals(parseTarget({ url: `http://a${path}\\`, host: "a" }), { malformed: BAD_PATH });
});

Deno.test("addresses, localhost and the names that were given are allowed hosts, and no other", () => {
  const allowed = new Set(["up.example"]);
  const table: Record<string, boolean> = {
    "127.0.0.1": true,
    "192.168.255.1": true,
    "[::1]": true,
    "[fe80::1]": true,
    "localhost": true,
    "pawl.localhost": true,
    "up.example": true,
    "evil.example": false,
    "up.example.evil": false,
    "x.up.example": false,
    "localhost.evil": false,
    "notlocalhost": false,
    "256.0.0.1": false,
    "1.2.3": false,
    "1.2.3.4.evil": false,
    "1.2.3.4.5": false,
    "127.1": false,
    "": false,
  };
  for (const [host, isAllowed] of Object.entries(table)) {
    assertEquals([host, isAllowedHost(host, allowed)], [host, isAllowed]);
    assertEquals([host, isAllowedHost(host, new Set("*"))], [host, true]);
  }
});

Deno.test("a server knows the names of --allow-host, of --public-url and of --host", () => {
  const gate = createGate({ allowedHosts: ["nas.local"], publicUrl: "https://up.example:81/b", host: "Box" });
  const ask = (host: string) => gate(new Request(`http://${host}/x`, { headers: { Host: host } }));
  for (const host of ["nas.local", "nas.local:8080", "up.example", "box", "localhost:1"]) assertEquals(ask(host), "/x");
  const error = assertThrows(() => ask("evil.example"), UploadError, "--allow-host evil.example");
  assertEquals(error.code, "misdirected");
});

Deno.test("a request whose URL cannot be had is malformed", () => {
  const gate = createGate({ allowedHosts: [], publicUrl: "", host: "127.0.0.1" });
  const request = {
    headers: new Headers({ Host: "localhost" }),
    get url(): string {
      throw new TypeError("Request closed");
    },
  } as Request;
  assertEquals(assertThrows(() => gate(request), UploadError).code, "bad-request");
});
