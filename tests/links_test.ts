import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
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
  const link = (...args: string[]) =>
    runPawl(["link", ...args, "--data", dir.path], { PAWL_PUBLIC_URL: "https://up.example" });
  const added = await link("add", "--folder", "inbox", "--max-files", "1", "--note", "Send here");
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
  const [, , zip = ""] = LINK.exec(given.stdout) ?? [];
  const basic = { Authorization: `Basic ${btoa(":open sesame")}` };
  assertEquals((await ask(pawl, `/d/${zip}`)).status, 401);
  const { status, text } = await ask(pawl, `/d/${zip}`, { headers: basic });
  assertEquals([status, text.slice(0, 2)], [200, "PK"]);
  assertEquals((await ask(pawl, `/d/${zip}`, { headers: basic })).status, 404);

  const { stdout } = await link("list");
  assertMatch(stdout, /^[\da-f]{16} +upload +admin +inbox +1 of 1 files, 3 bytes +\S+Z +Send here$/m);
  const [, id = ""] = /^([\da-f]{16}) +download +admin +inbox +1 of 1 downloads/m.exec(stdout) ?? [];
  assertEquals((await link("remove", id)).stderr, `Removed the link ${id}\n`);
  await runPawl(["token", "add", "admin2", "--owner", "admin", "--data", dir.path]);
  const removed = await runPawl(["token", "remove", "admin2", "--data", dir.path]);
  assertStringIncludes(removed.stderr, "Links of admin let people in as before, which are 1: see link list\n");
  const gone = await link("remove", id);
  assertEquals([gone.code, gone.stderr], [1, `There is no link ${id}: see link list\n`]);
  const [, inbox = ""] = /^([\da-f]{16}) +upload/m.exec(stdout) ?? [];
  await link("remove", inbox);
  await until(async () => (await ask(pawl, `/u/${secret}`)).status === 404, "the link is out");
  assertEquals((await ask(pawl, "/status", { headers })).status, 401);
  assertEquals([secret, zip].filter((text) => pawl.output().includes(text)), []);
});

Deno.test("link --help tells of each command, and a folder without Pawl is no place for links", async () => {
  await using dir = await tempDir();
  const { code, stdout } = await runPawl(["link", "--help"]);
  assertEquals(code, 0);
  for (const text of ["link add", "link list", "link remove ID", "--max-files", "--downloads", "--expires"]) {
    assertStringIncludes(stdout, text);
  }
  const refused = await runPawl(["link", "add", "--data", join(dir.path, "none")]);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertMatch(refused.stderr, /^There is no Pawl in/);
  const missing = await runPawl([
    "link",
    "add",
    "--zip",
    "x",
    "--password-file",
    join(dir.path, "no"),
    "--data",
    dir.path,
  ]);
  assertMatch(missing.stderr, /^There is no Pawl in/);
});
