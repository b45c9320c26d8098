import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sha256, someBytes } from "../../../support/bytes.ts";
import { BOUNDARY, formBytes, type Line, linesOf, sendForm, type SentPart, tellForm } from "../../../support/form.ts";
import { openTestApp } from "../../../support/pawl.ts";
import { until } from "../../../support/until.ts";
import { brokenBody, pieces, simpleClient } from "../../../support/simple_client.ts";

const HELLO = { name: "hello.txt", body: "hello" };
const DIGEST = { "Repr-Digest": `sha-256=:${sha256(new TextEncoder().encode("hello"))}:` };

/** The text of a finished file. */
const textOf = async (pawl: { finished(name: string): Promise<Uint8Array> }, name: string) =>
  new TextDecoder().decode(await pawl.finished(name));

/** What of a line is the same each time. */
const short = ({ location: _, detail: __, ...line }: Line) => line;

Deno.test("each part of a form with a file in it is an upload, and a line tells of it", async () => {
  await using pawl = await openTestApp();
  const lines = await tellForm(
    pawl.app,
    formBytes([
      {
        ...HELLO,
        headers: { "X-File-Id": "one", "X-File-Path": "notes/a.txt", "X-File-Metadata": "note=x", ...DIGEST },
      },
      { name: "b/hello.txt", body: "two", headers: { "Content-Type": "text/plain" } },
      { name: "", body: "", headers: { "Content-Type": "application/octet-stream" } },
      { disposition: 'form-data; name="note"', body: "a field" },
      { disposition: "", body: "", headers: { "X-File-Id": "empty" } },
    ]),
  );
  assertEquals(lines.map(short), [
    { part: 0, status: 200, id: "one", complete: true, offset: 5, length: 5, path: "notes/a.txt" },
    { part: 1, status: 200, complete: true, offset: 3, length: 3, path: "b/hello.txt" },
    { part: 3, status: 200, id: "empty", complete: true, offset: 0, length: 0, path: "empty" },
    { status: 200, parts: 3 },
  ]);
  assertEquals(await textOf(pawl, "notes/a.txt"), "hello");
  assertEquals(await textOf(pawl, "b/hello.txt"), "two");
  assertEquals((await simpleClient(pawl.app).status("one")).text, "5");
  const file = await pawl.app(
    new Request(`http://localhost${lines[0]!.location}`, { headers: { "Tus-Resumable": "1.0.0" }, method: "HEAD" }),
  );
  assertEquals(file.headers.get("upload-metadata"), "note eA==");
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("the files of a form are stored while it still comes, and the answer begins at its end", async () => {
  await using pawl = await openTestApp();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const body = writable.getWriter();
  const headers = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`, "Accept": "application/jsonl" };
  let hasBegun = false;
  const answer = pawl.app(new Request("http://localhost/upload", { method: "POST", headers, body: readable }))
    .finally(() => hasBegun = true);
  const form = formBytes([HELLO, { name: "later.txt", body: "x".repeat(100) }]);
  await body.write(form.slice(0, form.length - 90));
  await until(async () => (await pawl.finishedNames()).length === 1, "the first file is stored");
  assertEquals([hasBegun, await textOf(pawl, "hello.txt")], [false, "hello"]);
  await body.write(form.slice(form.length - 90));
  await body.close();
  const lines = linesOf(await (await answer).text());
  assertEquals(lines.map(({ path, parts }) => path ?? parts), ["hello.txt", "later.txt", 2]);
});

Deno.test("a bad part refuses itself with its status and code, and the others are stored", async () => {
  await using pawl = await openTestApp({ maxBytes: 100_000 });
  const bad: [SentPart, status: number, error: string][] = [
    [{ body: "x".repeat(100_001) }, 413, "too-large"],
    [{ body: "x", headers: { "X-File-Size": "100001" } }, 413, "too-large"],
    [{ body: "hello", headers: { "X-File-Size": "4" } }, 400, "too-long"],
    [{ body: "hallo", headers: DIGEST }, 400, "digest-mismatch"],
    [{ body: "hallo", headers: { "Content-Digest": DIGEST["Repr-Digest"] } }, 400, "digest-mismatch"],
    [{ body: "x".repeat(70_000), headers: DIGEST }, 400, "digest-mismatch"],
    [{ body: "hello", headers: { "X-Start-Byte": "5", "X-File-Id": "none" } }, 400, "wrong-offset"],
    [{ body: "hello", headers: { "X-File-Path": "../a" } }, 400, "bad-request"],
    [{ body: "hello", headers: { "X-File-Id": "x".repeat(1025) } }, 400, "bad-request"],
    [{ body: "hello", name: "../../a" }, 400, "bad-request"],
    [{ body: "hello", headers: { "Content-Encoding": "gzip" } }, 415, "wrong-media-type"],
    [{ body: "hello", headers: { "Content-Transfer-Encoding": "base64" } }, 415, "wrong-media-type"],
    [{ body: "hello", disposition: 'form-data; filename="' }, 400, "bad-request"],
    [{ body: "hello", headers: { "A\n": "b" } }, 400, "bad-request"],
  ];
  const parts = bad.flatMap(([part], index) => [part, { name: `${index}.txt`, body: `good ${index}` }]);
  const lines = await tellForm(pawl.app, formBytes(parts));
  assertEquals(
    lines.filter(({ error }) => error !== undefined).map(({ part, status, error }) => [part, status, error]),
    bad.map(([, status, error], index) => [index * 2, status, error]),
  );
  assertEquals(lines.at(-1), { status: 200, parts: bad.length * 2 });
  assertEquals(await pawl.finishedNames(), bad.map((_, index) => `${index}.txt`).sort());
  assertEquals(await pawl.incomingNames(), []);
  assertEquals(pawl.log.lines.filter((line) => line.startsWith("error")), []);
});

Deno.test("a file that comes again is told again; another file under its id is none of these", async () => {
  await using pawl = await openTestApp();
  const again: [SentPart["headers"], body: string, expected: unknown][] = [
    [{ ...DIGEST }, "hello", "hello.txt"],
    [{ ...DIGEST, "X-File-Size": "5" }, "hello", "hello.txt"],
    [{ "X-Start-Over": "?0" }, "hello", "hello.txt"],
    // Another length is another file, and so is another digest where nothing says that it is the same one.
    [{ "X-Start-Over": "?0" }, "hello!", "hello (2).txt"],
    [{ "X-Start-Over": "?0", ...DIGEST }, "hello", "hello (3).txt"],
    [{ "X-Start-Over": "?0", "Repr-Digest": `sha-256=:${sha256(new TextEncoder().encode("hallo"))}:` }, "hallo", 5],
    [{}, "hello", "hello (4).txt"],
  ];
  const send = async (headers: SentPart["headers"], body: string) =>
    (await tellForm(pawl.app, formBytes([{ ...HELLO, body, headers: { "X-File-Id": "a", ...headers } }])))[0]!;
  const first = await send(DIGEST, "hello");
  assertEquals([first.path, first.again], ["hello.txt", undefined]);
  for (const [headers, body, expected] of again) {
    const { path, offset, location, error, again } = await send(headers, body);
    assertEquals([headers, path ?? offset], [headers, expected]);
    assertEquals([headers, again], [headers, expected === "hello.txt" ? true : undefined]);
    if (expected === "hello.txt") assertEquals(location, first.location);
    if (expected === 5) assertEquals(error, "wrong-offset");
  }
  // A large one is known by what its head says.
  const large = { name: "large", body: someBytes(3_000_000) };
  const headers = { "X-File-Id": "b", "Repr-Digest": `sha-256=:${sha256(large.body)}:` };
  for (let count = 0; count < 2; count++) {
    const [line] = await tellForm(pawl.app, formBytes([{ ...large, headers }]));
    assertEquals([line!.status, line!.path, line!.offset], [200, "large", 3_000_000]);
  }
  // The same file twice in one form.
  const twice = { name: "twice", body: "2", headers: { "X-File-Id": "c", "X-Start-Over": "?0" } };
  assertEquals((await tellForm(pawl.app, formBytes([twice, twice]))).map(({ path }) => path), [
    "twice",
    "twice",
    undefined,
  ]);
});

Deno.test("a part goes on with an unfinished upload from its offset, and an upload goes on where a part ended", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const headers = { "X-File-Id": "a", "X-File-Size": "10" };
  const part = (body: string, more: Record<string, string>) =>
    tellForm(pawl.app, formBytes([{ ...HELLO, body, headers: { ...headers, ...more } }]));
  await client.send("a", 0, new TextEncoder().encode("0123"), { "X-File-Size": "10" });
  const [refused] = await part("0123456789", { "X-Start-Over": "?0" });
  assertEquals([refused!.status, refused!.error, refused!.offset], [400, "wrong-offset", 4]);
  const [partly] = await part("456", { "X-Start-Byte": "4" });
  assertEquals([partly!.status, partly!.complete, partly!.offset, partly!.length], [200, false, 7, 10]);
  const { text } = await client.send("a", 7, new TextEncoder().encode("789"), { "X-File-Size": "10" });
  assertEquals(text, "Success 10");
});

Deno.test("a large file in a part is streamed, and a form that is cut off keeps what came of a file with an id", async () => {
  await using pawl = await openTestApp();
  const large = someBytes(3 * 2 ** 20);
  const whole = formBytes([HELLO, { name: "large", body: large }, { name: "last", body: "x" }]);
  assertEquals((await tellForm(pawl.app, whole)).map(({ path }) => path), ["hello.txt", "large", "last", undefined]);
  assertEquals(await pawl.finished("large"), large);

  for (const [id, size] of [["small", 1000], ["large", large.length]] as const) {
    const part = { name: "cut", body: large.slice(0, size) };
    const kept = formBytes([HELLO, { ...part, headers: { "X-File-Id": id } }], { isCut: true });
    const [told, cut, end] = await tellForm(pawl.app, brokenBody(kept.slice(0, 700), kept.slice(700)));
    assertEquals([told!.status, cut!.status, cut!.error, cut!.offset], [200, 408, "disconnected", size]);
    assertEquals([end!.status, end!.error, end!.parts], [408, "disconnected", 2]);
    assertEquals((await simpleClient(pawl.app).status(id)).text, String(size));
    await simpleClient(pawl.app).terminate(id);

    const lost = formBytes([{ ...part }], { isCut: true });
    const [gone] = await tellForm(pawl.app, brokenBody(lost));
    assertEquals([gone!.status, gone!.error, await pawl.incomingNames()], [408, "disconnected", []]);
  }
  // Nothing was there of the small one. The log does not tell that as a trouble.
  assertEquals(pawl.log.lines.filter((line) => line.includes("without an id")), []);
});

Deno.test("a form that is malformed says so at its end, and what was told before is stored", async () => {
  await using pawl = await openTestApp();
  const told = async (bytes: Uint8Array<ArrayBuffer>) =>
    (await tellForm(pawl.app, bytes)).map(({ status, path, error }) => [status, path ?? error]);
  const whole = formBytes([HELLO]);
  assertEquals(await told(whole.slice(0, whole.length - 10)), [[408, "disconnected"], [400, "bad-request"]]);
  const text = new TextDecoder().decode(formBytes([HELLO, HELLO])).replace(/(?<=hello\r\n--\S+)\r\n/, " more\r\n");
  assertEquals(await told(new TextEncoder().encode(text)), [[200, "hello.txt"], [400, "bad-request"]]);
  for (const body of ["", "abc", "--other\r\n"]) {
    const { status, text } = await sendForm(pawl.app, new TextEncoder().encode(body), { Accept: "application/jsonl" });
    assertEquals([body, status, linesOf(text).length], [body, 400, 1]);
  }
  // A form without a file is none of these.
  assertEquals(await tellForm(pawl.app, formBytes([])), [{ status: 200, parts: 0 }]);
});

Deno.test("a form that is no form of files is refused before it is read", async () => {
  await using pawl = await openTestApp();
  const wrong: [headers: Record<string, string>, status: number][] = [
    [{ "Content-Type": "multipart/form-data" }, 400],
    [{ "Content-Type": "multipart/form-data; boundary=" }, 400],
    [{ "Content-Type": `multipart/form-data; boundary=${"x".repeat(71)}` }, 400],
    [{ "Content-Type": 'multipart/form-data; boundary="a "' }, 400],
    [{ "Content-Encoding": "gzip" }, 415],
    [{ "X-File-Id": "a" }, 415],
    [{ "Transfer-Encoding": "gzip, chunked" }, 501],
  ];
  for (const [headers, status] of wrong) {
    assertEquals([headers, (await sendForm(pawl.app, formBytes([HELLO]), headers)).status], [headers, status]);
  }
  assertEquals(await pawl.finishedNames(), []);
});

Deno.test("a form has at most 1000 files and 100 fields; the files before are told", async () => {
  await using pawl = await openTestApp();
  const bad = Array.from({ length: 999 }, () => ({ body: "x", headers: { "X-File-Path": "../a" } }));
  const lines = await tellForm(pawl.app, formBytes([...bad, HELLO, HELLO]));
  assertEquals(lines.length, 1001);
  assertEquals([lines[999]!.path, await pawl.finishedNames()], ["hello.txt", ["hello.txt"]]);
  assertEquals(short(lines[1000]!), { status: 413, error: "too-many-files", parts: 1000 });
  const fields = Array.from({ length: 101 }, () => ({ disposition: "form-data; name=a", body: "x" }));
  assertEquals((await tellForm(pawl.app, formBytes(fields))).map(({ error }) => error), ["too-many-files"]);
});

Deno.test("a person without a script gets a page, and curl gets text, with the status of the first refusal", async () => {
  await using pawl = await openTestApp({ maxBytes: 10 });
  const good = { name: "<b>&amp;.txt", body: "hello" };
  const page = await sendForm(pawl.app, formBytes([good]), { Accept: "text/html,*/*" });
  assertEquals([page.status, page.headers.get("content-type")], [200, "text/html; charset=UTF-8"]);
  assertStringIncludes(page.headers.get("content-security-policy") ?? "", "default-src 'none'");
  assertStringIncludes(page.text, "<h1>All files have arrived</h1>");
  assertStringIncludes(page.text, "<bdi>&lt;b&gt;&amp;amp;.txt</bdi>, 5 bytes");
  const bad = { name: "<script>\u202e", body: "more than ten bytes" };
  const mixed = await sendForm(pawl.app, formBytes([bad, good]), { Accept: "text/html" });
  assertEquals([mixed.status, mixed.headers.get("x-error")], [413, "too-large"]);
  assertStringIncludes(mixed.text, "<h1>Not all files have arrived</h1>");
  assertStringIncludes(mixed.text, "<bdi>&lt;script&gt;</bdi>: The file is larger");
  assert(!mixed.text.includes("<script"));
  const nothing = await sendForm(pawl.app, formBytes([{ name: "", body: "" }]), { Accept: "text/html" });
  assertStringIncludes(nothing.text, "<h1>No file was chosen</h1>");

  const text = await sendForm(pawl.app, formBytes([{ name: "a.txt", body: "hello" }, bad]), { Accept: "*/*" });
  assertEquals([text.status, text.headers.get("content-type")], [413, "text/plain; charset=UTF-8"]);
  const [first = "", second = "", ...rest] = text.text.split("\n");
  assertEquals([/^Success 5 a\.txt \/files\/[\w-]{22}$/.test(first), rest], [true, [""]]);
  assertStringIncludes(second, "413 too-large <script>: The file is larger");
});

Deno.test("the page about a form is in the language that the browser prefers, and has the style of the form's page", async () => {
  await using pawl = await openTestApp();
  const table = [["fr-CA,fr;q=0.9", "fr", "Tous les fichiers sont arrivés", "5\u00a0octets"], [
    "de, ja;q=0.5",
    "ja",
    "すべてのファイルが届きました",
    "5 バイト",
  ], ["__proto__", "en", "All files have arrived", "5 bytes"]] as const;
  for (const [wanted, language, title, size] of table) {
    const headers = { Accept: "text/html", "Accept-Language": wanted };
    const { text } = await sendForm(pawl.app, formBytes([{ name: "a.txt", body: "hello" }]), headers);
    assertStringIncludes(text, `<html lang="${language}" `);
    assertStringIncludes(text, `<h1>${title}</h1>`);
    assertStringIncludes(text, `, ${size}</li>`);
    assertStringIncludes(text, '<link rel="stylesheet" href="./page.css">');
  }
});

Deno.test("a form in pieces of any size, without a length, is taken", async () => {
  await using pawl = await openTestApp({ durable: false });
  const form = formBytes(
    Array.from({ length: 40 }, (_, index) => ({ name: `${index}`, body: someBytes(3000, index + 1) })),
  );
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < form.length;) {
    parts.push(form.slice(at, at + (at * 7) % 1009 + 1));
    at += parts.at(-1)!.length;
  }
  const lines = await tellForm(pawl.app, pieces(...parts));
  assertEquals(lines.at(-1), { status: 200, parts: 40 });
  for (let index = 0; index < 40; index++) assertEquals(await pawl.finished(`${index}`), someBytes(3000, index + 1));
});
