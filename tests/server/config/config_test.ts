import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../../server/config/command_line.ts";
import { ConfigError, otherVariables, readConfig, readSettings } from "../../../server/config/config.ts";
import { helpText } from "../../../server/config/help.ts";
import { ALL_OPTIONS, type Option, OPTIONS, variableOf } from "../../../server/config/options.ts";
import { parseSize, parseTime } from "../../../server/config/units.ts";

function read(args: string[], env: Record<string, string> = {}) {
  return readConfig(args, (name) => env[name]);
}

Deno.test("readConfig() has a default for everything", () => {
  assertEquals(read([]), {
    host: "127.0.0.1",
    port: 8080,
    certFile: "",
    keyFile: "",
    httpRedirect: "none",
    unixSocket: "",
    adminPort: "none",
    listener: "deno",
    http2: "on",
    interim: "auto",
    data: `${Deno.cwd()}/data`,
    database: "",
    bucket: "",
    configFile: "",
    maxBytes: Infinity,
    expireAfterMs: 604_800_000,
    durable: true,
    idleMs: 60_000,
    minBytesPerSecond: 0,
    minFreeBytes: 268_435_456,
    maxPerAddress: 256,
    maxUnfinished: 1000,
    quotaBytes: Infinity,
    totalBytes: Infinity,
    maxBegunPerSecond: Infinity,
    maxFolders: 100_000,
    allowedHosts: [],
    allowedOrigins: [],
    open: false,
    fixedToken: "",
    fixedTokenFile: "",
    trustedProxies: [],
    userHeader: "",
    ownerFolders: false,
    publicUrl: "",
    basePath: "",
    webhooks: [],
    hookCommand: "",
    webhookEvents: ["*"],
    webhookSecret: "",
    webhookAllowPrivate: false,
    hookTimeoutMs: 300_000,
    preCreateUrl: "",
    preFinishUrl: "",
    askTimeoutMs: 30_000,
    takesUnasked: false,
    logLevel: "info",
    logFormat: "auto",
    accessLog: false,
  });
});

Deno.test("readConfig() takes flags before the environment", () => {
  const env = { PAWL_PORT: "1", PAWL_MAX_SIZE: "1.5GiB", PAWL_ALLOW_ORIGIN: "https://a.example, http://b.example:81" };
  const config = read(["--port=2", "--expire-after", "12h"], env);
  assertEquals([config.port, config.maxBytes, config.expireAfterMs], [2, 1_610_612_736, 43_200_000]);
  assertEquals(config.allowedOrigins, ["https://a.example", "http://b.example:81"]);
  assertEquals(read(["--allow-origin=*"]).allowedOrigins, ["*"]);
  assertEquals(read(["--allow-host=*"]).allowedHosts, ["*"]);
  assertEquals([read(["--durability=relaxed"]).durable, read(["--durability=durable"]).durable], [false, true]);
  assertEquals(read(["--public-url=https://a.example/"]).publicUrl, "https://a.example");
  assertEquals(read(["--public-url=http://a.example:81/b/"]).publicUrl, "http://a.example:81/b");
});

Deno.test("readConfig() takes a second port on this machine, or on an address", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["none", "none"],
    ["9090", { host: "127.0.0.1", port: 9090 }],
    ["0.0.0.0:9090", { host: "0.0.0.0", port: 9090 }],
    ["[::1]:0", { host: "::1", port: 0 }],
    ["pawl.local:1", { host: "pawl.local", port: 1 }],
  ];
  for (const [text, value] of table) assertEquals(read([`--admin-port=${text}`]).adminPort, value);
  for (const text of ["", "x", "65536", ":9090", "::1:9090", "127.0.0.1", "a b:1"]) {
    assertThrows(() => read([`--admin-port=${text}`]), ConfigError, "--admin-port cannot be");
  }
});

Deno.test("readConfig() takes a certificate with its key, a port that leads there, and a socket instead of a port", () => {
  const files = ["--cert=/a/cert.pem", "--key", "key.pem"];
  const { certFile, keyFile } = read(files);
  assertEquals([certFile, keyFile], ["/a/cert.pem", `${Deno.cwd()}/key.pem`]);
  assertEquals(read([], { PAWL_CERT: "/c", PAWL_KEY: "/k" }).keyFile, "/k");
  assertEquals(read([...files, "--http-redirect", "--open"]).httpRedirect, 80);
  assertEquals(read([...files, "--http-redirect=8080", "--port=8443"]).httpRedirect, 8080);
  assertEquals(read([...files, "--http-redirect=0", "--port=0"]).httpRedirect, 0);
  const socket = read(["--unix-socket=/run/pawl.sock", "--trust-proxy=unix,10.0.0.1"]);
  assertEquals([socket.unixSocket, socket.trustedProxies], ["/run/pawl.sock", ["unix", "10.0.0.1/32"]]);
  const wrong: [string[], string][] = [
    [["--cert=c"], "--cert and --key belong together: give both, or none"],
    [["--key=k"], "--cert and --key belong together: give both, or none"],
    [["--cert=", "--key=k"], '--cert cannot be "": give a file, or none'],
    [["--http-redirect"], "--http-redirect leads to HTTPS: give --cert and --key too"],
    [[...files, "--http-redirect=http"], '--http-redirect cannot be "http": give a number'],
    [[...files, "--http-redirect=8080"], "--http-redirect and --port cannot be the same port"],
    [[...files, "--unix-socket=/s"], "--unix-socket is for a proxy, which speaks HTTPS itself"],
    [["--http2=off"], "--http2 off is about HTTPS: give --cert and --key too"],
    [[...files, "--http2=no"], '--http2 cannot be "no": give one of on, off'],
    [["--interim=on"], "--interim on needs --listener node"],
    [["--trust-proxy=unix"], "--trust-proxy unix needs --unix-socket"],
  ];
  for (const [args, message] of wrong) assertThrows(() => read(args), ConfigError, message);
});

Deno.test("readConfig() takes the options that are lists as often as they come, and names as browsers send them", () => {
  const args = ["--allow-host=UP.example.", "--allow-host", "nas.local, \u00fcber.example", "--allow-origin=http://a"];
  const config = read([...args, "--allow-origin=http://b"], { PAWL_ALLOW_HOST: "c.example" });
  assertEquals(config.allowedHosts, ["up.example", "nas.local", "xn--ber-goa.example"]);
  assertEquals(config.allowedOrigins, ["http://a", "http://b"]);
  assertEquals(read([], { PAWL_ALLOW_HOST: "c.example,d" }).allowedHosts, ["c.example", "d"]);
  assertEquals(read(["--allow-host=none"], { PAWL_ALLOW_HOST: "c.example" }).allowedHosts, []);
});

Deno.test("the table of options in docs/options.md is the one that is made from their list", async () => {
  const text = await Deno.readTextFile(new URL("../../../docs/options.md", import.meta.url));
  const plain = text.split("\n").filter((line) => line.startsWith("|")).map((line) => line.replaceAll(/ +/g, " "));
  const from = plain.findIndex((line) => line.startsWith("| option | variable"));
  const options: readonly Option<unknown>[] = Object.values(OPTIONS);
  const rows = options.map(({ flag, fallback, help, isSecret }) =>
    `| ${isSecret ? "(no flag)" : `\`--${flag}\``} | \`${variableOf(flag)}\` | \`${fallback}\` | ${help} |`
  );
  // The line below the head makes a table of it.
  assertEquals(plain.slice(from + 2, from + 2 + rows.length), rows);
  assertEquals(plain.filter((line) => /^\| (?:`--|\(no flag\))/.test(line)).length, rows.length);
});

Deno.test("readConfig() says in one line what is wrong", () => {
  const wrong: [string[], string][] = [
    [["--port=65536"], "--port cannot be"],
    [["--port=x"], "--port cannot be"],
    [["--port"], "--port cannot be"],
    [["--host=a b"], "--host cannot be"],
    [["--data="], "--data cannot be"],
    [["--max-size=5 parsecs"], "--max-size cannot be"],
    [["--idle-timeout=0s"], "--idle-timeout cannot be"],
    [["--expire-after=-1d"], "--expire-after cannot be"],
    [["--allow-origin=https://a.example/path"], "--allow-origin cannot be"],
    [["--allow-origin=a.example"], "--allow-origin cannot be"],
    [["--allow-host=up.example:8080"], "--allow-host cannot be"],
    [["--allow-host=http://up.example"], "--allow-host cannot be"],
    [["--allow-host="], "--allow-host cannot be"],
    [["--allow-host=a,b c"], "--allow-host cannot be"],
    [["--allow-host=a", "--allow-host=none"], "--allow-host cannot be"],
    [["--durability=fast"], "--durability cannot be"],
    [["--public-url=a.example"], "--public-url cannot be"],
    [["--public-url=https://a.example/?b"], "--public-url cannot be"],
    [["--log-level=loud"], "--log-level cannot be"],
    [["--durability=relax"], "give durable or relaxed; did you mean relaxed?"],
    [["--log-level=inof"], "one of debug, info, warning, error; did you mean info?"],
    [["--nonsense"], 'Unknown argument "--nonsense": see --help'],
    [["--prot=1"], 'Unknown argument "--prot": did you mean --port?'],
    [["--check-confg"], "did you mean --check-config?"],
    [["--token", "abc"], "--token is a secret, which others could see on the command line: give it as PAWL_TOKEN"],
    [["-p", "1"], "Unknown argument"],
    [["--open=no"], '--open cannot be "no": give --open alone, or leave it out'],
    [["--access-log="], '--access-log cannot be "": give --access-log alone'],
    [["--port=1", "--", "--open"], 'Options cannot stand behind "--": leave that out'],
  ];
  for (const [args, message] of wrong) assertThrows(() => read(args), ConfigError, message);
});

Deno.test("readConfig() takes a switch alone, or with true or false", () => {
  const table: [string[], boolean][] = [
    [["--open"], true],
    [["--open=true"], true],
    [["--open=false"], false],
    [["--open", "false"], false],
  ];
  for (const [args, open] of table) assertEquals(read(args, { PAWL_OPEN: "true" }).open, open);
});

Deno.test("readSettings() takes the file behind the environment, and the default behind the file", () => {
  const texts = new Map([["port", "1"], ["max-size", "1KB"], ["quota", "2KB"]]);
  const env: Record<string, string> = { PAWL_PORT: "2", PAWL_MAX_SIZE: "3KB" };
  const sources = { env: (name: string) => env[name], file: { path: "/etc/pawl.json", texts } };
  const { config, texts: taken } = readSettings(parseCommandLine(["--port=4"]), sources);
  const { port, maxBytes, quotaBytes, totalBytes } = config;
  assertEquals({ port, maxBytes, quotaBytes, totalBytes }, {
    port: 4,
    maxBytes: 3000,
    quotaBytes: 2000,
    totalBytes: Infinity,
  });
  assertEquals([taken.get("quota"), taken.get("max-total")], ["2KB", "none"]);
});

Deno.test("a wrong value is named by the place where it was given, and a secret is not repeated", () => {
  const file = (flag: string, text: string) => ({ path: "/etc/pawl.json", texts: new Map([[flag, text]]) });
  const wrong = (flag: string, text: string) =>
    readSettings(parseCommandLine([]), { env: () => undefined, file: file(flag, text) });
  assertThrows(() => wrong("port", "x"), ConfigError, '"port" in /etc/pawl.json cannot be "x": give a number');
  const { message } = assertThrows(
    () => wrong("token", "too-short"),
    ConfigError,
    '"token" in /etc/pawl.json must be',
  );
  assertEquals(message.includes("too-short"), false);
  assertEquals(readSettings(parseCommandLine([]), { env: () => undefined }).texts.has("token"), false);
});

Deno.test("a variable that is nearly an option is refused, and one of something else is ignored", () => {
  const env = () => undefined;
  const names = ["PAWL_SERVICE_HOST", "PAWL_PORT_8080_TCP", "PAWL_LONG", "PAWL_CHROMIUM", "PAWL_MAX_SIZE", "HOME"];
  readSettings(parseCommandLine([]), { env, names });
  assertEquals(otherVariables(names), names.slice(0, 4));
  assertThrows(
    () => readSettings(parseCommandLine([]), { env, names: ["PAWL_MAX_SIZ"] }),
    ConfigError,
    "Unknown variable PAWL_MAX_SIZ: did you mean PAWL_MAX_SIZE?",
  );
});

Deno.test("the command line can ask for help, or for a check", () => {
  const asks = (...args: string[]) => parseCommandLine(args).asks;
  assertEquals([asks("--help"), asks("--check-config", "--port=1"), asks()], ["help", "check", undefined]);
});

Deno.test("the help has a variable, a default and the unit of each option, and a star for those that can change", () => {
  const help = helpText([]);
  for (const { flag, value, fallback, isSecret, isLive } of ALL_OPTIONS) {
    const lines = help.split("\n");
    const below = lines.findIndex((line) => line.trim().startsWith(`(${variableOf(flag)}`));
    assertEquals(lines[below - 1]?.startsWith(isSecret ? "  (no flag)" : `  --${flag} ${value}`), true, flag);
    assertEquals(lines[below]?.endsWith(`; default ${fallback})${isLive ? " *" : ""}`), true, flag);
    if (value === "SIZE" || value === "TIME") assertEquals(help.includes(`\n${value} is a number`), true);
  }
});

Deno.test("the help has no marks of Markdown", () => {
  assertEquals(/`|\]\(/.test(helpText([])), false);
});

Deno.test("the help has a line about each command", () => {
  const lines = helpText([{ name: "list", about: "lists the uploads" }]).split("\n");
  assertEquals(lines.filter((line) => /^ {2}list +lists the uploads$/.test(line)).length, 1);
});

Deno.test("parseSize() and parseTime() know their units", () => {
  const sizes = [["5", 5], ["5B", 5], ["1KiB", 1024], ["1.5 GB", 1.5e9], ["2tib", 2 ** 41], ["5x", undefined], [
    "-1",
    undefined,
  ]];
  for (const [text, bytes] of sizes) assertEquals([text, parseSize(String(text))], [text, bytes]);
  const times = [["5ms", 5], ["60s", 60_000], ["1.5h", 5_400_000], ["7d", 604_800_000], ["5", undefined], [
    "",
    undefined,
  ]];
  for (const [text, ms] of times) assertEquals([text, parseTime(String(text))], [text, ms]);
});

Deno.test("the list in docs/options.md of what can change while the server runs is true", async () => {
  const text = await Deno.readTextFile(new URL("../../../docs/options.md", import.meta.url));
  const [, told = ""] = /These options can change then.*?:(.*?)\. The log/s.exec(text) ?? [];
  const flags = [...told.matchAll(/`--([\w-]+)`/g)].map(([, flag]) => flag);
  assertEquals(flags, ALL_OPTIONS.filter(({ isLive }) => isLive).map(({ flag }) => flag));
});

Deno.test("a database and a bucket belong together, and neither is told again", () => {
  const read = (variables: Record<string, string>) => readConfig([], (name) => variables[name]);
  const [database, bucket] = ["postgres://pawl:secret@db/pawl", "https://key:secret@s3.example/bucket"];
  const config = read({ PAWL_DATABASE: database, PAWL_BUCKET: bucket });
  assertEquals([config.database, config.bucket], [database, bucket]);
  assertEquals([read({}).database, read({}).bucket], ["", ""]);
  const wrong: [Record<string, string>, string][] = [
    [{ PAWL_DATABASE: database }, "PAWL_DATABASE and PAWL_BUCKET belong together: give both, or none"],
    [{ PAWL_BUCKET: bucket }, "PAWL_DATABASE and PAWL_BUCKET belong together: give both, or none"],
    [{ PAWL_DATABASE: "mysql://secret@db" }, "PAWL_DATABASE must be an address such as postgres://"],
    [{ PAWL_DATABASE: "postgres://" }, "PAWL_DATABASE must be an address such as postgres://"],
    [{ PAWL_BUCKET: "ftp://secret@s3" }, "PAWL_BUCKET must be an address such as https://"],
    [{ PAWL_DATABASE: database, PAWL_BUCKET: bucket, PAWL_DURABILITY: "relaxed" }, "--durability relaxed is about"],
  ];
  for (const [variables, message] of wrong) {
    const error = assertThrows(() => read(variables), ConfigError, message);
    assert(!error.message.includes("secret"), error.message);
  }
});
