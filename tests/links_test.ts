import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../server/config/config.ts";
import { runHere, runLink, runToken } from "./support/commands.ts";
import { type PawlProcess, runPawl, startPawl } from "./support/process.ts";
import { visitorOf } from "./support/links.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const LINK = /^https:\/\/up\.example\/([ud])\/(pawl_[\w-]{43})\n$/;

async function ask(pawl: PawlProcess, path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${pawl.port}${path}`, init);
  return { status: response.status, text: await response.text() };
}

Deno.test("links are made, listed and removed by the command while the server runs", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path, { args: ["--host", "0.0.0.0", "--log-level", "debug"] });
  const env = { PAWL_PUBLIC_URL: "https://up.example" };
  const link = (...args: string[]) => runLink([...args, "--data", dir.path], env);
  const wish = ["--folder", "inbox", "--max-files", "1", "--note", "Send here", "--data", dir.path];
  const added = await runPawl(["link", "add", ...wish], env);
  assertEquals([added.code, added.stderr], [0, "This link is shown this once.\n"]);
  const [, kind, secret = ""] = LINK.exec(added.stdout) ?? [];
  assertEquals([kind, (await ask(pawl, `/u/${secret}`)).status], ["u", 200]);
  const headers = { ...visitorOf({ secret }), "X-File-Id": "a", "X-File-Name": "a.txt", "X-File-Size": "3" };
  assertEquals((await ask(pawl, "/upload", { method: "POST", headers, body: "abc" })).text, "Success 3");
  assertEquals(await Deno.readTextFile(join(dir.path, "files/inbox/a.txt")), "abc");
  const second = { ...headers, "X-File-Id": "b" };
  assertEquals((await ask(pawl, "/upload", { method: "POST", headers: second, body: "abc" })).status, 507);

  const password = join(dir.path, "password");
  await Deno.writeTextFile(password, "open sesame\n");
  const given = await link("add", "--zip", "inbox", "--downloads", "1", "--password-file", password);
  const [, , zip = ""] = LINK.exec(`${given.printed}\n`) ?? [];
  const basic = { Authorization: `Basic ${btoa(":open sesame")}` };
  assertEquals((await ask(pawl, `/d/${zip}`)).status, 401);
  const { status, text } = await ask(pawl, `/d/${zip}`, { headers: basic });
  assertEquals([status, text.slice(0, 2)], [200, "PK"]);
  assertEquals((await ask(pawl, `/d/${zip}`, { headers: basic })).status, 404);

  const { printed } = await link("list");
  assertMatch(printed, /^[\da-f]{16} +upload +admin +inbox +1 of 1 files, 3 bytes +\S+Z +Send here$/m);
  const [, id = ""] = /^([\da-f]{16}) +download +admin +inbox +1 of 1 downloads/m.exec(printed) ?? [];
  assertEquals((await link("remove", id)).told, `Removed the link ${id}`);
  await runToken(["add", "admin2", "--owner", "admin", "--data", dir.path]);
  const removed = await runToken(["remove", "admin2", "--data", dir.path]);
  assertStringIncludes(removed.told, "Links of admin let people in as before, which are 1: see link list");
  await assertRejects(() => link("remove", id), ConfigError, `There is no link ${id}: see link list`);
  const [, inbox = ""] = /^([\da-f]{16}) +upload/m.exec(printed) ?? [];
  await link("remove", inbox);
  await until(async () => (await ask(pawl, `/u/${secret}`)).status === 404, "the link is out");
  assertEquals((await ask(pawl, "/status", { headers })).status, 401);
  assertEquals([secret, zip].filter((text) => pawl.output().includes(text)), []);
});

Deno.test("link --help tells of each command, and a folder without Pawl is no place for links", async () => {
  await using dir = await tempDir();
  const { code, stdout } = await runHere(["link", "--help"]);
  assertEquals(code, 0);
  for (const text of ["link add", "link list", "link remove ID", "--max-files", "--downloads", "--expires"]) {
    assertStringIncludes(stdout, text);
  }
  const refused = await runHere(["link", "add", "--data", join(dir.path, "none")]);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertMatch(refused.stderr, /^There is no Pawl in/);
  const args = ["add", "--zip", "x", "--password-file", join(dir.path, "no"), "--data", dir.path];
  await assertRejects(() => runLink(args), ConfigError, "There is no Pawl in");
});
