import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AttackSite, openAttackSite, type Outcome } from "../support/attack_site.ts";
import { base64 } from "../support/tus_wire.ts";
import { needsAll } from "../support/needs_all.ts";

// Attacks on a running server, as a table: what is sent, the status that answers it (0: the connection is cut), and
// words
// of the answer. After each, the file that was there is there, nothing lies outside the data folder, and no stack of
// calls has reached the log. `ID` stands for the id of that file.

interface Attack {
  readonly sent: string | ((site: AttackSite) => Promise<Outcome>);
  readonly status: number;
  readonly says?: string;
}

type Table = Readonly<Record<string, Attack>>;

const HOST = "Host: localhost\r\n";
const END = "\r\n\r\n";
const A_PATH = "must begin with a slash";
const A_HOST = "The Host header must be";
const ONE_HOST = "must go to the host";
const SEND_HOST = "Send a Host header";
const ALLOW = "start the server with --allow-host evil.example";

const get = (target: string, more = "") => `GET ${target} HTTP/1.1\r\n${HOST}${more}\r\n`;
const to = (host: string, line = "GET /", more = "") => `${line} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
const connectTo = (target: string) => (site: AttackSite) => site.brokenOff(`CONNECT ${target} HTTP/1.1\r\n${HOST}\r\n`);
const byHttp2 = (headers: Record<string, string>) => (site: AttackSite) => site.http2(headers);

const TARGETS: Table = {
  "a backslash for a slash": { sent: get("/\\files\\ID"), status: 400, says: A_PATH },
  "a backslash in front": { sent: get("\\files\\ID"), status: 400 },
  "a way back by backslashes": { sent: get("/x\\..\\files\\ID"), status: 400, says: A_PATH },
  "a way back": { sent: get("/x/../files/ID"), status: 400, says: A_PATH },
  "a way back, encoded": { sent: get("/.%2e/files/ID"), status: 400, says: A_PATH },
  "a way back, encoded whole": { sent: get("/%2E%2E/files/ID"), status: 400, says: A_PATH },
  "a way back at the end": { sent: get("/files/ID/.."), status: 400, says: A_PATH },
  "the folder itself": { sent: get("/./files/ID"), status: 400, says: A_PATH },
  "an encoded slash": { sent: get("/files%2fID"), status: 404 },
  "an encoded letter": { sent: get("/%66iles/ID"), status: 404 },
  "two slashes": { sent: get("//files/ID"), status: 404 },
  "a slash too many": { sent: get("/files//ID"), status: 404 },
  "a zero byte, encoded": { sent: get("/files/ID%00"), status: 404 },
  "half an encoding": { sent: get("/files/ID%"), status: 400, says: A_PATH },
  "an encoding of nothing": { sent: get("/files/ID%zz"), status: 400, says: A_PATH },
  "letters that are not ASCII": { sent: get("/files/ID\xc3\xa9"), status: 400, says: A_PATH },
  "bytes that are no UTF-8": { sent: get("/files/ID\xff"), status: 400 },
  "a fragment": { sent: get("/files/ID#x"), status: 400, says: A_PATH },
  "a fragment in front of a path": { sent: get("/#/files/ID"), status: 400, says: A_PATH },
  "a tab": { sent: get("/files/ID\tx"), status: 400 },
  "no slash in front": { sent: get("status"), status: 400 },
  "a query alone": { sent: get("?x"), status: 400 },
  "an authority alone": { sent: get("@evil/files/ID"), status: 400 },
  "CONNECT": { sent: connectTo("localhost"), status: 400, says: A_PATH },
  "CONNECT to another port": { sent: connectTo("a:1"), status: 400, says: ONE_HOST },
  "an absolute target of another host": { sent: get("http://evil/files/ID"), status: 400, says: ONE_HOST },
  "an absolute target of a bad port": { sent: get("http://evil:99999/files/ID"), status: 400, says: ONE_HOST },
  "an absolute target of a bad address": { sent: get("http://[::1/files/ID"), status: 400, says: ONE_HOST },
  "an absolute target with a backslash": { sent: get("http://localhost\\files\\ID"), status: 400, says: A_PATH },
  "an absolute target with a password": { sent: get("http://u:p@localhost/files/ID"), status: 400, says: ONE_HOST },
  "an absolute target of another scheme": { sent: get("ftp://localhost/files/ID"), status: 400, says: ONE_HOST },
  "an absolute target without a host": { sent: get("http:///files/ID"), status: 404 },
  "an absolute target without slashes": { sent: get("http:/files/ID"), status: 400 },
  "an absolute target whose host goes on": { sent: get("http://localhost.evil/files/ID"), status: 400, says: A_PATH },
  "an absolute target of this host": { sent: get("http://localhost/files/ID"), status: 200 },
  "a target of 60 000 bytes": { sent: get(`/${"x".repeat(60_000)}`), status: 404 },
  "a target of 60 000 backslashes": { sent: get(`/${"\\".repeat(60_000)}`), status: 400, says: A_PATH },
};

const HOSTS: Table = {
  "no Host": { sent: `GET /files/ID HTTP/1.1${END}`, status: 400, says: SEND_HOST },
  "no Host, in HTTP/1.0": { sent: `GET /files/ID HTTP/1.0${END}`, status: 400, says: SEND_HOST },
  "no Host, an absolute target": { sent: `GET http://localhost/ HTTP/1.1${END}`, status: 400, says: SEND_HOST },
  "an empty Host": { sent: to(""), status: 400, says: SEND_HOST },
  "two": { sent: get("/files/ID", HOST), status: 400 },
  "a Host that is a path, by backslashes": { sent: to("x\\files\\ID#"), status: 400, says: A_HOST },
  "a Host that is a path": { sent: to("localhost/files/ID#"), status: 400, says: A_HOST },
  "a Host that is a query": { sent: to("localhost/files/ID?"), status: 400, says: A_HOST },
  "a Host that is a way back": { sent: to("localhost/.."), status: 400, says: A_HOST },
  "a Host that is a URL": { sent: to("http://localhost"), status: 400, says: A_HOST },
  "a Host with a password": { sent: to("u:p@localhost"), status: 400, says: A_HOST },
  "a Host with a bad port": { sent: to("localhost:99999"), status: 400, says: A_HOST },
  "a Host with a port of letters": { sent: to("localhost:http"), status: 400, says: A_HOST },
  "a Host with a space": { sent: to("local host"), status: 400, says: A_HOST },
  "a list of hosts": { sent: to("localhost,evil"), status: 400, says: A_HOST },
  "a Host that is not ASCII": { sent: to("\xc3\xa9"), status: 400, says: A_HOST },
  "half an IPv6 address": { sent: to("[::1"), status: 400, says: A_HOST },
  "no IPv6 address": { sent: to("[:::]"), status: 400, says: A_HOST },
  "localhost with a port": { sent: to("localhost:8080"), status: 200 },
  "a name below localhost": { sent: to("pawl.localhost"), status: 200 },
  "an IPv4 address": { sent: to("192.168.0.7:8080"), status: 200 },
  "an IPv6 address": { sent: to("[::1]:8080"), status: 200 },
};

const REBINDING: Table = {
  "opens the page": { sent: to("evil.example"), status: 421, says: ALLOW },
  "loads the client": { sent: to("evil.example", "GET /client/page/main.ts"), status: 421, says: ALLOW },
  "with a port": { sent: to("evil.example:8080"), status: 421, says: ALLOW },
  "with a dot behind": { sent: to("evil.example."), status: 421, says: ALLOW },
  "in capitals": { sent: to("EVIL.example"), status: 421, says: ALLOW },
  "asks": { sent: to("evil.example", "GET /status", "X-File-Id: a\r\n"), status: 421, says: ALLOW },
  "reads a file": { sent: to("evil.example", "GET /files/ID"), status: 421, says: ALLOW },
  "reads its head": { sent: to("evil.example", "HEAD /files/ID"), status: 421 },
  "deletes": { sent: to("evil.example", "DELETE /files/ID"), status: 421, says: ALLOW },
  "uploads": {
    sent: to("evil.example", "POST /upload", "X-File-Id: b\r\nContent-Length: 1\r\n") + "x",
    status: 421,
    says: ALLOW,
  },
  "uploads by tus": {
    sent: to("evil.example", "POST /files/", "Tus-Resumable: 1.0.0\r\nUpload-Length: 1\r\nContent-Length: 0\r\n"),
    status: 421,
    says: ALLOW,
  },
  "asks what it may": { sent: to("evil.example", "OPTIONS /files/"), status: 421, says: ALLOW },
  "as a name that only begins like localhost": { sent: to("localhost.evil.example"), status: 421 },
  "as a name that only ends like localhost": { sent: to("evillocalhost"), status: 421 },
  "as a name that begins like an address": { sent: to("127.0.0.1.evil.example"), status: 421 },
  "as a number that some read as an address": { sent: to("2130706433"), status: 421 },
};

const HTTP2: Table = {
  // Nothing tells it from HTTP/1.1 without Host, and the slash that a path lacks has been put in.
  "without TLS": { sent: byHttp2({ ":path": "/" }), status: 400, says: SEND_HOST },
  "a path without a slash": { sent: byHttp2({ ":path": "status" }), status: 400, says: SEND_HOST },
  "a path of backslashes": { sent: byHttp2({ ":path": "\\status" }), status: 400, says: SEND_HOST },
  "another authority": { sent: byHttp2({ ":path": "/", ":authority": "evil.example" }), status: 400, says: SEND_HOST },
  "an authority unlike its Host": {
    sent: byHttp2({ ":path": "/", ":authority": "evil.example", host: "localhost" }),
    status: 400,
    says: ONE_HOST,
  },
  "another scheme": {
    sent: byHttp2({ ":path": "/", ":authority": "localhost", ":scheme": "https", host: "localhost" }),
    status: 400,
    says: ONE_HOST,
  },
};

const override = (method: string, meant: string) =>
  `${method} /files/ID HTTP/1.1\r\n${HOST}Tus-Resumable: 1.0.0\r\nX-HTTP-Method-Override: ${meant}\r\nContent-Length: 0${END}`;
const ONLY = "X-HTTP-Method-Override can make PATCH or DELETE of POST, and no other";

const METHODS: Table = {
  "GET that means DELETE": { sent: override("GET", "DELETE"), status: 400, says: ONLY },
  "HEAD that means DELETE": { sent: override("HEAD", "DELETE"), status: 400 },
  "OPTIONS that means DELETE": { sent: override("OPTIONS", "DELETE"), status: 400, says: ONLY },
  "PATCH that means DELETE": { sent: override("PATCH", "DELETE"), status: 400, says: ONLY },
  "GET that means PATCH": { sent: override("GET", "PATCH"), status: 400, says: ONLY },
  "POST that means GET": { sent: override("POST", "GET"), status: 400, says: ONLY },
  "POST that means OPTIONS": { sent: override("POST", "OPTIONS"), status: 400, says: ONLY },
  "POST that means what all objects have": { sent: override("POST", "constructor"), status: 400, says: ONLY },
  "POST that means two": { sent: override("POST", "PATCH, DELETE"), status: 400, says: ONLY },
  "POST that means DELETE in small letters": { sent: override("POST", "delete"), status: 400, says: ONLY },
  "DELETE in small letters": { sent: `delete /files/ID HTTP/1.1\r\n${HOST}\r\n`, status: 405 },
  "a method of 1 000 letters": { sent: `${"X".repeat(1000)} /files/ID HTTP/1.1\r\n${HOST}\r\n`, status: 405 },
};

const UP = `..${" ".repeat(300)}x`;
const FOLDERS = "must be folders below the root";
const TOO_LONG = "at most 1792 are taken";

/** An upload to a path that is sent as it stands. Each begins anew, as the same client's id. */
const toRaw = (path: string) =>
  `POST /upload HTTP/1.1\r\n${HOST}X-File-Id: p\r\nX-File-Path: ${path}\r\nContent-Length: 3${END}abc`;
const toPath = (path: string) => toRaw(path.split("/").map(encodeURIComponent).join("/"));
const byName = (name: string) => toPath("x").replace("X-File-Path: x", `X-File-Name: ${encodeURIComponent(name)}`);
/** An upload by tus to a path. */
const byTus = (path: string, key = "relativePath") =>
  `POST /files/ HTTP/1.1\r\n${HOST}Tus-Resumable: 1.0.0\r\nUpload-Length: 3\r\nContent-Length: 3\r\n` +
  `Content-Type: application/offset+octet-stream\r\nUpload-Metadata: ${key} ${base64(path)}${END}abc`;

/** Sends several requests, and gives the answer to the last one. */
const inTurn = (...requests: readonly [string, ...string[]]) => async (site: AttackSite) => {
  let outcome = await site.raw(requests[0]);
  for (const request of requests.slice(1)) outcome = await site.raw(request);
  return outcome;
};

/** The names up to 2^53 that a search by doubling looks at. */
const doubled = Array.from({ length: 53 }, (_, index) => byName(`a (${2 ** (index + 1)}).txt`));

const PATHS: Table = {
  "two folders up, by what cutting lays bare": { sent: toPath(`${UP}/${UP}/ESCAPED.txt`), status: 400, says: FOLDERS },
  "two folders up, by tus": { sent: byTus(`${UP}/${UP}/ESCAPED.txt`), status: 400, says: FOLDERS },
  "two folders up, in the name": { sent: byName(`${UP}/${UP}/ESCAPED.txt`), status: 400, says: FOLDERS },
  "two folders up, in the name by tus": { sent: byTus(`${UP}/${UP}/E.txt`, "filename"), status: 400, says: FOLDERS },
  "a name that is the folder above": { sent: toPath(`a/${UP}`), status: 400, says: "must end with a name" },
  "a name that is the folder above, by tus": { sent: byTus(`a/${UP}`), status: 201 },
  "the folder above": { sent: toRaw("../ESCAPED.txt"), status: 400, says: FOLDERS },
  "the folder above, encoded": { sent: toRaw("%2e%2e/ESCAPED.txt"), status: 400, says: FOLDERS },
  "the folder above, encoded twice": { sent: toRaw("%252e%252e/a.txt"), status: 200, says: "Success 3" },
  "the folder above, by tus": { sent: byTus("../ESCAPED.txt"), status: 400, says: FOLDERS },
  "the folder above, by backslashes": { sent: toPath("a\\..\\..\\ESCAPED.txt"), status: 400, says: FOLDERS },
  "the folder above, with what cannot be seen": { sent: toPath("..\u200b/ESCAPED.txt"), status: 400, says: FOLDERS },
  "the folder above, written from right to left": { sent: toPath("\u202e../E.txt"), status: 400, says: FOLDERS },
  "the folder above, with a zero byte": { sent: toPath("..\0/ESCAPED.txt"), status: 400, says: FOLDERS },
  "the folder above, with spaces that are not ASCII": { sent: toPath("..\u00a0/E.txt"), status: 400, says: FOLDERS },
  "the folder above, in two full stops of another script": { sent: toPath("\uff0e\uff0e/a.txt"), status: 200 },
  "the folder above, in UTF-8 of too many bytes": { sent: toRaw("%c0%ae%c0%ae/a"), status: 400, says: "UTF-8" },
  "a lone surrogate": { sent: toRaw("%ed%a0%80/a"), status: 400, says: "UTF-8" },
  "the root of the disk": { sent: toRaw("/etc/ESCAPED.txt"), status: 400, says: FOLDERS },
  "the root of the disk, by tus": { sent: byTus("//etc/ESCAPED.txt"), status: 400, says: FOLDERS },
  "a slash inside a segment": { sent: toRaw("a%2f..%2f..%2fb"), status: 400, says: "must have its slashes" },
  "folders by backslashes": { sent: toRaw("photos%5C2024%5Ca.jpg"), status: 200, says: "Success 3" },
  "a device of Windows that cutting lays bare": { sent: toPath(`NUL${" ".repeat(300)}x/COM1.txt`), status: 200 },
  "a stream of NTFS": { sent: toPath("a:b/c::$DATA"), status: 200 },
  "a folder that is a file": { sent: inTurn(byName("b"), toPath("b/b/b")), status: 200, says: "Success 3" },
  "a file that is a folder": { sent: inTurn(toPath("c/c"), byName("c")), status: 200, says: "Success 3" },
  "one name in two forms of Unicode": { sent: inTurn(byName("\u00fc"), byName("u\u0308")), status: 200 },
  "33 folders": { sent: toPath(`${"a/".repeat(33)}a`), status: 400, says: "at most 32 are taken" },
  "25 000 folders": { sent: toRaw(`${"a/".repeat(25_000)}a`), status: 400, says: "at most 32 are taken" },
  "a path that is longer than a system takes": {
    sent: toPath(`${"a".repeat(255)}/`.repeat(16)),
    status: 400,
    says: TOO_LONG,
  },
  "a path of the greatest length": {
    sent: toPath(`${"x".repeat(254)}/`.repeat(7) + "y".repeat(255)),
    status: 200,
    says: "Success 3",
  },
  "a name of 9 000 marks on one letter": { sent: toRaw(`a${"%CC%81".repeat(9000)}`), status: 200, says: "Success 3" },
  "names up to 2^53, which a search for a free one looks at": {
    sent: inTurn(byName("a.txt"), ...doubled, byName("a.txt")),
    status: 200,
    says: "Success 3",
  },
};

const TABLES: Readonly<Record<string, Table>> = {
  "a request's target is a path as it stands, or it is refused": TARGETS,
  "Host is a name or an address, and never a path": HOSTS,
  "a page of another site cannot use the server by a name of its own (DNS rebinding)": REBINDING,
  "HTTP/2 without TLS is refused whole": HTTP2,
  "only POST stands for another method, and only for PATCH and DELETE": METHODS,
  "a name or a path leads to a place below the folder of files, or is refused": PATHS,
};

/** The tables of requests that the gate refuses: the log tells of each. */
const OF_THE_GATE = [TARGETS, HOSTS, REBINDING, HTTP2];

Deno.test("attacks on a running server harm nothing", needsAll, async (test) => {
  await using site = await openAttackSite();
  let refused = 0;
  for (const [holds, table] of Object.entries(TABLES)) {
    await test.step(holds, async (test) => {
      for (const [what, { sent, status, says = "" }] of Object.entries(table)) {
        await test.step(what, async () => {
          const outcome = await (typeof sent === "string" ? site.raw(sent) : sent(site));
          assertEquals([outcome.status, outcome.body], [status, outcome.body]);
          assertStringIncludes(outcome.body, says);
          assertEquals(outcome.body.split("\n").length, outcome.status === 200 ? outcome.body.split("\n").length : 1);
          // Some requests are refused by the runtime and never reach the gate.
          if (outcome.headers.get("x-error") === "misdirected") refused++;
          if (outcome.headers.get("x-error") === "bad-request" && OF_THE_GATE.includes(table)) refused++;
          await site.assertUnharmed();
        });
      }
      const lines = await site.refusals(refused);
      assertEquals(lines.length, refused);
      for (const line of lines) assertEquals(line.length < 600, true, line);
    });
  }
});
