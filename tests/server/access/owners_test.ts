import { assert, assertEquals } from "@std/assert";
import { newId } from "../../../server/model/id.ts";
import { type Answer, openAccessSite } from "../../support/access_site.ts";
import { makeLink } from "../../support/links.ts";
import { extent, IS_LONG } from "../../support/campaign.ts";
import { startServer } from "../../support/pawl.ts";
import { connect, head } from "../../support/raw.ts";
import { addTestToken, bearer } from "../../support/tokens.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/until.ts";

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

/** How often each way is tried to tell another's upload from nobody's. */
const TRIES = extent({ short: 12, long: 4000 });

Deno.test("one client's id means another upload for each owner", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const id = { "X-File-Id": "same", "X-File-Size": "6" };
  for (const [who, text] of [[anna, "abc"], [bob, "uvwx"]] as const) {
    await site.ask("POST /upload", { ...who, ...id }, { body: text });
  }
  const count = async (who: { Authorization: string }) => (await site.ask("GET /status", { ...who, ...id })).text;
  assertEquals([await count(anna), await count(bob)], ["3", "4"]);
  await site.ask("DELETE /upload", { ...bob, ...id });
  assertEquals([await count(anna), await count(bob)], ["3", "0"]);
});

Deno.test("each member of a concatenation is looked up within its owner", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const partial = { "Upload-Concat": "partial" };
  const [own, others] = [await site.send(bob, "abc", partial), await site.send(anna, "def", partial)];
  const concatenate = (who: { Authorization: string }, ...paths: string[]) =>
    site.ask("POST /files/", { ...TUS, ...who, "Upload-Concat": `final;${paths.join(" ")}` });
  const missing = await concatenate(bob, own, `/files/${newId()}`);
  for (const paths of [[own, others], [others, own], [others]]) {
    const { status, text } = await concatenate(bob, ...paths);
    assertEquals([status, text], [404, missing.text]);
  }
  const final = await concatenate(bob, own);
  assertEquals(final.status, 201);
  // A final upload that is known already is its owner's alone too.
  assertEquals((await concatenate(anna, own)).status, 404);
  assertEquals((await site.ask(`HEAD ${own}`, { ...TUS, ...anna })).status, 404);
  assertEquals((await site.ask(`HEAD ${own}`, { ...TUS, ...bob })).status, 200);
});

Deno.test("an uploader without the right to read cannot tell whether others have a file of a name", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const bob = await site.token({ name: "bob" });
  const anna = await site.token({ name: "anna", rights: ["upload"] });
  await site.send(bob, "abc", { "Upload-Metadata": `filename ${btoa("known")}` });
  /** All that Anna is told of files of this name. */
  const told = async (name: string): Promise<string> => {
    const as = { ...anna, "X-File-Id": "a", "X-File-Name": name };
    const tus = { ...TUS, ...anna, "Upload-Metadata": `filename ${btoa(name)}` };
    const begun = await site.ask("POST /files/", { ...tus, "Upload-Length": "6" });
    const path = begun.headers.get("location") ?? "";
    const whole = await site.ask("POST /files/", { ...tus, ...BYTES, "Upload-Length": "3" }, { body: "abc" });
    const answers = [
      await site.ask("POST /upload", { ...as, "X-File-Size": "6" }, { body: "abc" }),
      await site.ask("POST /upload", { ...as, "X-Start-Byte": "3", "X-File-Size": "6" }, { body: "def" }),
      await site.ask("GET /status", as),
      begun,
      await site.ask(`PATCH ${path}`, { ...BYTES, ...anna, "Upload-Offset": "0" }, { body: "abcdef" }),
      await site.ask(`HEAD ${path}`, { ...TUS, ...anna }),
      whole,
      await site.ask(`HEAD ${whole.headers.get("location")}`, { ...TUS, ...anna }),
      await site.ask(`GET ${path}`, anna),
      await site.ask("GET /api/uploads", anna),
      await site.ask("GET /api/limits", anna),
      await site.ask(`DELETE ${path}`, { ...TUS, ...anna }),
    ];
    const plain = JSON.stringify(answers.map(({ status, text, headers }) => [status, text, [...headers]]));
    return plain.replaceAll(/\/files\/[\w-]{22}/g, "/files/ID").replaceAll(btoa(name), "NAME");
  };
  // Each name is sent twice, so that Anna has a file of it herself the second time.
  assertEquals(await told("known"), await told("fresh"));
  assertEquals(await told("known"), await told("fresh"));
  assertEquals(await site.pawl.finishedNames().then((names) => names.includes("known (2)")), true);
});

Deno.test("a folder as ZIP has one's own files alone, whoever else has some in it", async () => {
  await using site = await openAccessSite({ open: true });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const boss = await site.token({ name: "boss", rights: ["admin"] });
  const files = [[anna, "annas"], [bob, "bobs"], [{}, "anybodys"]] as const;
  for (const [who, name] of files) {
    await site.ask("POST /upload", { ...who, "X-File-Id": name, "X-File-Path": `shared/${name}` }, { body: "abc" });
  }
  const inFolder = async (who: Record<string, string>) => {
    const { text } = await site.ask("GET /files/?folder=shared", who);
    return files.map(([, name]) => name).filter((name) => text.includes(`shared/${name}`)).join(" ");
  };
  assertEquals([await inFolder(anna), await inFolder(bob), await inFolder({})], ["annas", "bobs", "anybodys"]);
  assertEquals(await inFolder(boss), "annas bobs anybodys");
});

Deno.test("a request for another's upload does not take its lock over: the owner goes on sending", async () => {
  await using dir = await tempDir();
  const [anna, bob] = [await addTestToken(dir.path, { name: "anna" }), await addTestToken(dir.path, { name: "bob" })];
  await using server = await startServer({ data: dir.path });
  const url = `http://127.0.0.1:${server.port}`;
  const ask = async (method: string, path: string, headers: Record<string, string>) => {
    const response = await fetch(url + path, { method, headers: { ...TUS, ...headers } });
    await response.body?.cancel();
    return response;
  };
  const begun = await ask("POST", "/files/", { ...bearer(anna), "Upload-Length": "6" });
  const path = begun.headers.get("location") ?? "";
  using sending = await connect(server.port);
  await sending.send(
    head(`PATCH ${path}`, { ...BYTES, ...bearer(anna), "Upload-Offset": 0, "Content-Length": 6 }) + "abc",
  );
  const offset = async () => (await ask("HEAD", path, bearer(anna))).headers.get("upload-offset");
  await until(async () => (await server.incomingNames()).length > 0, "the file is there");
  const patch = { ...BYTES, ...bearer(bob), "Content-Length": "0" };
  for (const at of ["0", "3"]) {
    assertEquals((await ask("PATCH", path, { ...patch, "Upload-Offset": at })).status, 404);
  }
  for (const method of ["HEAD", "DELETE"]) assertEquals((await ask(method, path, bearer(bob))).status, 404);
  await sending.send("def");
  assertEquals((await sending.answer()).status, 204);
  assertEquals(await offset(), "6");
});

Deno.test("another's upload or link and one that nobody has take the same time, within the noise", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const metadata = { "Upload-Metadata": `filename ${btoa("a".repeat(200))}` };
  const [others, finished, partial] = [
    await site.send(anna, "abc", { ...metadata, "Upload-Length": "6" }),
    await site.send(anna, "abc"),
    await site.send(anna, "abc", { "Upload-Concat": "partial" }),
  ].map((path) => path.slice("/files/".length));
  const { id: link } = await makeLink(site, anna, { kind: "upload" });
  const json = { ...bob, "Content-Type": "application/json" };
  const append = { ...BYTES, ...bob, "Upload-Offset": "3" };
  /** Each way to ask for an id, with Anna's id, and with one that nobody has. */
  const ways: Record<string, readonly [id: string, ask: (id: string) => Promise<Answer>, newOne?: () => string]> = {
    "HEAD by tus": [others!, (id) => site.ask(`HEAD /files/${id}`, append)],
    "PATCH": [others!, (id) => site.ask(`PATCH /files/${id}`, append)],
    "DELETE by tus": [others!, (id) => site.ask(`DELETE /files/${id}`, append)],
    "GET": [finished!, (id) => site.ask(`GET /files/${id}`, bob)],
    "DELETE": [finished!, (id) => site.ask(`DELETE /api/uploads/${id}`, bob)],
    "concatenate": [
      partial!,
      (id) => site.ask("POST /files/", { ...TUS, ...bob, "Upload-Concat": `final;/files/${id}` }),
    ],
    "link to": [
      finished!,
      (id) => site.ask("POST /api/links", json, { body: JSON.stringify({ kind: "download", file: id }) }),
    ],
    "remove the link": [
      link,
      (id) => site.ask(`DELETE /api/links/${id}`, bob),
      () => crypto.getRandomValues(new Uint8Array(8)).toHex(),
    ],
  };
  for (const [way, [annas, ask, newOne = newId]] of Object.entries(ways)) {
    const times = { nobodys: [] as number[], anothers: [] as number[] };
    for (let count = 0; count < TRIES; count++) {
      // They take turns, so that what else the machine does meets both.
      const whose = count % 2 === 0 ? "nobodys" : "anothers";
      const id = whose === "anothers" ? annas : newOne();
      const from = performance.now();
      const { status } = await ask(id);
      times[whose].push(performance.now() - from);
      assertEquals([way, status], [way, 404]);
    }
    const median = (list: number[]) => list.sort((one, other) => one - other)[list.length / 2] ?? NaN;
    const [nobodys, anothers] = [median(times.nobodys), median(times.anothers)];
    const ratio = anothers / nobodys;
    // A few tries tell nothing of the time.
    if (!IS_LONG) continue;
    assert(ratio > 0.8 && ratio < 1.25, `${way}: ${anothers} ms for another's, ${nobodys} ms for nobody's`);
  }
});
