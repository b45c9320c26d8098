import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { hashOf, isSecret } from "../../../server/access/secret.ts";
import { parseTokenCommand, tokenTable } from "../../../server/access/token_command.ts";
import { ConfigError } from "../../../server/config/config.ts";
import { runTokenCommand } from "../../../server/commands/tokens.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { withTokens } from "../../support/tokens.ts";

const parse = (text: string, env: Record<string, string> = {}) =>
  parseTokenCommand(text.split(" ").filter((word) => word !== ""), (name) => env[name]);

Deno.test("parseTokenCommand() reads what a token may, and whose it is", () => {
  const data = `${Deno.cwd()}/data`;
  assertEquals(parse("add anna"), {
    kind: "add",
    data,
    token: { name: "anna", owner: "anna", rights: ["read", "upload"] },
  });
  assertEquals(parse("add phone --upload --owner anna --max-size=1GiB --quota 2GiB --expires 30d --data /d"), {
    kind: "add",
    data: "/d",
    token: {
      name: "phone",
      owner: "anna",
      rights: ["upload"],
      maxBytes: 2 ** 30,
      quotaBytes: 2 ** 31,
      expiresInMs: 2_592_000_000,
    },
  });
  assertEquals(parse("add cli --read --admin --owner user:anna"), {
    kind: "add",
    data,
    token: { name: "cli", owner: "user:anna", rights: ["read", "admin"] },
  });
  assertEquals(parse("list", { PAWL_DATA: "/e" }), { kind: "list", data: "/e" });
  assertEquals(parse("remove anna --data=/d"), { kind: "remove", data: "/d", name: "anna" });
  for (const text of ["", "--help", "add --help"]) assertEquals(parse(text), { kind: "help" });
});

Deno.test("parseTokenCommand() says in one line what is wrong", () => {
  const table: [string, RegExp][] = [
    ["add", /Say token add NAME/],
    ["remove", /Say token add NAME/],
    ["add a b", /Say token add NAME/],
    ["list a", /Say token add NAME/],
    ["forget a", /Say token add NAME/],
    ["add .a", /The name of a token cannot be ".a"/],
    ["add a/b", /The name of a token cannot be/],
    ["add user:a", /The name of a token cannot be/],
    [`add ${"a".repeat(65)}`, /The name of a token cannot be/],
    ["add anonymous", /The name of a token cannot be "anonymous"/],
    ["add a --owner a/b", /--owner cannot be "a\/b"/],
    ["add a --max-size much", /--max-size cannot be "much"/],
    ["add a --expires 30", /--expires cannot be "30"/],
    ["add a --admin=no", /--admin cannot be "no"/],
    ["add a --write", /Unknown argument "--write"/],
  ];
  for (const [text, line] of table) assertMatch(assertThrows(() => parse(text), ConfigError).message, line);
});

Deno.test("a token is shown once, kept without its secret, listed and removed", async () => {
  await using dir = await tempDir();
  const printed: string[] = [];
  const told: string[] = [];
  const run = (text: string) =>
    runTokenCommand([...text.split(" "), "--data", dir.path], () => undefined, {
      print: (line) => printed.push(line),
      tell: (line) => told.push(line),
    });
  await assertRejects(() => run("list"), ConfigError, "There is no Pawl in");
  await run("add anna --upload");
  const [secret = ""] = printed.splice(0);
  assertEquals([isSecret(secret), told.splice(0)], [true, ["This token is shown this once. It may upload"]]);
  await assertRejects(() => run("add anna"), ConfigError, "There is a token anna already");
  const [token] = await withTokens(dir.path, (store) => store.list());
  assertEquals([token?.hash, JSON.stringify(token).includes(secret)], [hashOf(secret), false]);
  for await (const { name } of Deno.readDir(dir.path)) {
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(join(dir.path, name)));
    assertEquals([name, bytes.includes(secret), bytes.includes(secret.slice(5))], [name, false, false]);
  }
  await run("list");
  assertEquals(printed.splice(0).map((line) => line.split(/ {2,}/)), [
    ["NAME", "RIGHTS", "OWNER", "MAX BYTES", "QUOTA", "EXPIRES", "LAST USED"],
    ["anna", "upload", "anna", "-", "-", "never", "never"],
  ]);
  await run("remove anna");
  assertEquals(told.splice(0), ["Removed the token anna. It was the last: nobody can sign in until you add one"]);
  await assertRejects(() => run("remove anna"), ConfigError, "There is no token anna");
  await run("list");
  assertEquals(printed, ["There is no token"]);
});

Deno.test("of two that add a token of one name at a time, one is told that it is taken", async () => {
  await using dir = await tempDir();
  const add = () => runTokenCommand(["add", "a", "--data", dir.path], () => undefined, { print() {}, tell() {} });
  await add();
  await withTokens(dir.path, (store) => store.remove("a"));
  const done = await Promise.allSettled([add(), add()]);
  assertEquals(done.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

Deno.test("tokenTable() tells when a token was last used, and that it has expired", () => {
  const token = { hash: "h", name: "a", owner: "b", rights: ["read", "upload"], createdAt: 0 } as const;
  const [, ...rows] = tokenTable([
    { ...token, maxBytes: 5, quotaBytes: 7, expiresAt: 60_000, usedAt: 30_000 },
    { ...token, expiresAt: 120_000 },
  ], 60_000);
  assertEquals(rows.map((row) => row.split(/ {2,}/)), [
    ["a", "read,upload", "b", "5", "7", "expired", "1970-01-01T00:00Z"],
    ["a", "read,upload", "b", "-", "-", "1970-01-01T00:02Z", "never"],
  ]);
});
