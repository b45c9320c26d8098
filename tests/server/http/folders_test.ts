import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../../support/bytes.ts";
import { needsAll } from "../../support/needs_all.ts";
import { openTestApp, startServer, type TestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { unzip } from "../../support/zip_reader.ts";

const content = someBytes(1000);

/** Uploads a file to a path, and gives its address when its name is on disk. */
async function send({ app }: Pick<TestApp, "app">, path: string, headers: Record<string, string> = {}) {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const client = simpleClient(app);
  const sent = await client.send(encoded, 0, content, { "X-File-Path": encoded, ...headers });
  assertEquals([path, sent.text], [path, "Success 1000"]);
  await client.send(encoded, 1000, null);
  return sent.headers.get("location")!;
}

async function ask({ app }: Pick<TestApp, "app">, query: string, method = "GET") {
  const response = await app(new Request(`http://localhost/files/${query}`, { method }));
  return { status: response.status, headers: response.headers, bytes: await response.bytes() };
}

async function namesIn(pawl: Pick<TestApp, "app">, folder: string): Promise<string[] | number> {
  const { status, bytes } = await ask(pawl, `?folder=${encodeURIComponent(folder)}`);
  return status === 200 ? unzip(bytes).map(({ name }) => name) : status;
}

Deno.test("a folder comes as a ZIP file of all the finished files in it and below it", async () => {
  await using pawl = await openTestApp();
  const modified = Date.UTC(2020, 1, 3, 4, 5, 6);
  for (const path of ["фото/b.jpg", "фото/2026/лето/a.jpg", "фото/2026/c", "фото 2/d", "фот/e", "f"]) {
    await send(pawl, path, { "X-File-Modified": String(modified) });
  }
  const { status, headers, bytes } = await ask(pawl, `?folder=${encodeURIComponent("фото")}`);
  const found = unzip(bytes);
  assertEquals([status, found.map(({ name }) => name).sort()], [200, [
    "фото/2026/c",
    "фото/2026/лето/a.jpg",
    "фото/b.jpg",
  ]]);
  for (const file of found) assertEquals([file.content, file.modifiedAt], [content, modified / 1000]);
  assertEquals(headers.get("content-type"), "application/zip");
  assertEquals(headers.get("content-length"), String(bytes.length));
  assertMatch(headers.get("content-disposition")!, /^attachment; .*''%D1%84%D0%BE%D1%82%D0%BE\.zip$/);
  assertEquals([headers.get("cache-control"), headers.get("accept-ranges")], ["private, no-store", "none"]);
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertMatch(headers.get("content-security-policy")!, /^sandbox; default-src 'none'/);
  const head = await ask(pawl, `?folder=${encodeURIComponent("фото")}`, "HEAD");
  assertEquals([head.status, [...head.headers], head.bytes.length], [200, [...headers], 0]);
  assertEquals(await namesIn(pawl, "фото/2026"), ["2026/c", "2026/лето/a.jpg"]);
  assertEquals(await namesIn(pawl, "фото/2026/"), ["2026/c", "2026/лето/a.jpg"]);
  // The same folder in the other Unicode form.
  await send(pawl, "caf\u00e9/a");
  assertEquals(await namesIn(pawl, "cafe\u0301"), ["caf\u00e9/a"]);
});

Deno.test("a path of more than 256 characters is found below its folders too", async () => {
  await using pawl = await openTestApp();
  const long = `folder/${"a".repeat(200)}/${"b".repeat(200)}`;
  for (const path of ["folder/a", long, `other/${"a".repeat(200)}/${"b".repeat(200)}`]) await send(pawl, path);
  assertEquals(await namesIn(pawl, "folder"), ["folder/a", long]);
  assertEquals(await namesIn(pawl, `folder/${"a".repeat(200)}`), [long.slice("folder/".length)]);
});

Deno.test("only files that were uploaded and are there are in a folder", async () => {
  await using pawl = await openTestApp();
  const files = join(pawl.data, "files");
  const removed = await send(pawl, "folder/removed");
  for (const name of ["kept", "taken away", "replaced"]) await send(pawl, `folder/${name}`);
  await pawl.app(new Request(`http://localhost${removed}`, { method: "DELETE" }));
  await Deno.remove(join(files, "folder/taken away"));
  await Deno.remove(join(files, "folder/replaced"));
  await Deno.writeFile(join(files, "folder/replaced"), content.slice(1));
  await Deno.writeFile(join(files, "folder/by hand"), content);
  await Deno.mkdir(join(files, "by hand"));
  await Deno.writeFile(join(files, "by hand/a"), content);
  await simpleClient(pawl.app).send("b", 0, content, { "X-File-Path": "folder/unfinished", "X-File-Size": "2000" });
  assertEquals(await namesIn(pawl, "folder"), ["folder/kept"]);
  assertEquals(await namesIn(pawl, "by hand"), 404);
  await Deno.remove(join(files, "folder/kept"));
  assertEquals(await namesIn(pawl, "folder"), 404);
});

Deno.test("a file whose name a crash took is given it again, for its folder too", async () => {
  await using pawl = await openTestApp();
  const location = await send(pawl, "folder/a");
  await send(pawl, "folder/b");
  const own = join(pawl.data, "incoming", location.slice("/files/".length));
  await Deno.rename(join(pawl.data, "files/folder/a"), own);
  assertEquals(await namesIn(pawl, "folder"), ["folder/a", "folder/b"]);
});

Deno.test("no hostile path gives anything", async () => {
  await using pawl = await openTestApp();
  await send(pawl, "folder/in/a");
  await send(pawl, "a");
  const hostile = [
    "",
    "/",
    "//",
    ".",
    "..",
    "../files",
    "../files/folder",
    "folder/..",
    "folder/../folder",
    "folder/.",
  ];
  hostile.push("./folder", "/folder", "folder//in", "folder\\in", "folder/in/a", "a", "folder\0", "folder/\0/in");
  hostile.push("%66older", "..%2f..", "/etc", "~", "folder*", "f", "folder/i", "FOLDER2", "a".repeat(5000));
  hostile.push("a/".repeat(2000), "folder/in/../../../incoming", "fold\u200ber");
  for (const folder of hostile) assertEquals([folder, await namesIn(pawl, folder)], [folder, 404]);
  for (const query of ["?folder=%ff", "?folder=%", "?folder=folder%00"]) {
    assertEquals([query, (await ask(pawl, query)).status], [query, 404]);
  }
  for (const query of ["", "?", "?folder=folder&folder=folder", "?folder=folder&a=b", "?a=b", "?FOLDER=folder"]) {
    assertEquals([query, (await ask(pawl, query)).status], [query, 400]);
  }
  assertEquals(await namesIn(pawl, "folder"), ["folder/in/a"]);
});

Deno.test("no link in the place of a folder or a file is followed", needsAll, async () => {
  await using outside = await tempDir();
  await using pawl = await openTestApp();
  const files = join(pawl.data, "files");
  for (const path of ["folder/in/a", "folder/b", "folder/c"]) await send(pawl, path);
  await Deno.mkdir(join(outside.path, "in"));
  for (const name of ["in/a", "b"]) await Deno.writeFile(join(outside.path, name), content);
  await Deno.remove(join(files, "folder/b"));
  await Deno.symlink(join(outside.path, "b"), join(files, "folder/b"));
  await Deno.rename(join(files, "folder/in"), join(pawl.data, "moved"));
  await Deno.symlink(join(outside.path, "in"), join(files, "folder/in"));
  assertEquals(await namesIn(pawl, "folder"), ["folder/c"]);
  assertEquals(await namesIn(pawl, "folder/in"), 404);
  await Deno.rename(join(files, "folder"), join(files, "elsewhere"));
  await Deno.symlink(join(files, "elsewhere"), join(files, "folder"));
  assertEquals(await namesIn(pawl, "folder"), 404);
});

Deno.test("a folder's ZIP file comes over the network whole, and with large files", async () => {
  await using server = await startServer();
  const large = someBytes(20 * 2 ** 20 + 7);
  for (const [name, body] of [["a", content], ["large", large], ["z", content]] as const) {
    const headers = { "X-File-Id": name, "X-File-Path": `folder/${name}` };
    const answer = await fetch(new URL("upload", server.url), { method: "POST", headers, body });
    assertEquals(await answer.text(), `Success ${body.length}`);
  }
  const answer = await fetch(new URL("files/?folder=folder", server.url));
  const zip = await answer.bytes();
  assertEquals(answer.headers.get("content-length"), String(zip.length));
  const [a, second, z] = unzip(zip);
  assertEquals([a?.content, second?.length, z?.content], [content, large.length, content]);
});

Deno.test("a file that goes while its folder is sent cuts the answer off, and is no whole one", async () => {
  await using server = await startServer();
  const large = someBytes(20 * 2 ** 20);
  // The files behind the large one are opened ahead, but not all of them.
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    const headers = { "X-File-Id": name, "X-File-Path": `folder/${name}` };
    const body = name === "a" ? large : content;
    const answer = await fetch(new URL("upload", server.url), { method: "POST", headers, body });
    assertEquals(await answer.text(), `Success ${body.length}`);
  }
  const answer = await fetch(new URL("files/?folder=folder", server.url));
  await Deno.remove(join(server.data, "files/folder/f"));
  const outcome = await answer.bytes().then(() => "whole", () => "cut off");
  assertEquals(outcome, "cut off");
});
