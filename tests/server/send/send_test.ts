import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { needsAll } from "../../support/needs_all.ts";
import { runSend } from "../../support/sending.ts";
import { startProxy } from "../../support/tcp_proxy.ts";
import { startSite } from "../../support/test_site.ts";
import { addTestLink } from "../../support/links.ts";

const DAY = 86_400_000;

/** Changes a file before anything else happens. */
function change(path: string): void {
  Deno.writeTextFileSync(path, "more", { append: true });
}

Deno.test("files and folders go with their paths, and a second run sends nothing again", needsAll, async () => {
  await using site = await startSite();
  const { folder, pawl: { url } } = site;
  const film = await site.write("film.mkv", 3_000_000);
  await site.write("photos/a.jpg", 10);
  await site.write("photos/2026/b.jpg", 2_000_000);
  await site.write("photos/2026/empty.txt", 0);
  await Deno.symlink("../film.mkv", join(folder, "photos/link.mkv"));
  await Deno.symlink("..", join(folder, "photos/round"));
  const paths = ["film.mkv", "photos/2026/b.jpg", "photos/2026/empty.txt", "photos/a.jpg", "photos/link.mkv"];
  for (let time = 0; time < 2; time++) {
    const { code, printed, told } = await runSend(folder, [film, join(folder, "photos"), `${url}/`]);
    assertEquals([code, printed.length], [0, 5], told.join("\n"));
    assertEquals(printed.map((line) => line.split("  ")[0]!).sort(), paths);
    for (const line of printed) assertMatch(line, /^\S+ {2}http:\/\/[^ ]+\/files\/[\w-]{22}$/);
    assertEquals(told[0], `Left out ${folder}/photos/round: it is no file and no folder, or a link to a folder`);
    assertEquals(told.at(-1), "All 5 files are on the server");
    assertEquals(await site.finished(), paths);
  }
  assertEquals(await site.isWhole("photos/2026/b.jpg", join(folder, "photos/2026/b.jpg")), true);
  assertEquals(await site.isWhole("photos/link.mkv", film), true);
  assertEquals(await Array.fromAsync(Deno.readDir(join(folder, "cache/pawl")), ({ name }) => name), ["secret"]);
});

Deno.test("one file may get another name, and a folder on the server", async () => {
  await using site = await startSite();
  const path = await site.write("x", 100);
  const { code } = await runSend(site.folder, ["--name", "отчёт.pdf", "--into", "a/b", path, site.pawl.url]);
  assertEquals([code, await site.finished()], [0, ["a/b/отчёт.pdf"]]);
});

Deno.test("a file that is missing, or too large, does not stop the others, and the exit code is 1", async () => {
  await using site = await startSite({ args: ["--max-size", "1000"] });
  const files = [await site.write("big", 2000), join(site.folder, "none"), await site.write("a", 100)];
  const { code, printed, told } = await runSend(site.folder, [...files, site.pawl.url]);
  assertEquals([code, printed.length, await site.finished()], [1, 1, ["a"]]);
  assertStringIncludes(told.join("\n"), "none: there is no such file: check its name");
  assertMatch(told.join("\n"), /^big: The server does not take a file this big/m);
  assertEquals(told.at(-1), "1 of 3 files is on the server, 2 are not. The same command goes on from there");
});

Deno.test("what is no file and no folder is refused", needsAll, async () => {
  await using site = await startSite();
  const { code, told } = await runSend(site.folder, ["/dev/zero", site.pawl.url]);
  assertEquals(code, 1);
  assertStringIncludes(told.join("\n"), "/dev/zero: it is no file and no folder: give - to send what comes out of it");
});

Deno.test("a token comes from a file or the environment, and stands in no line", async () => {
  await using site = await startSite({ tokens: [{ name: "anna" }, { name: "ben", rights: ["read"] }] });
  const { folder, pawl: { url }, secrets } = site;
  const path = await site.write("a", 100);
  const none = await runSend(folder, [path, url]);
  assertEquals([none.code, none.told], [1, [`${url} wants a token: give --token-file FILE, or set PAWL_TOKEN`]]);
  const wrong = await runSend(folder, [path, url], { env: { PAWL_TOKEN: `pawl_${"x".repeat(43)}` } });
  assertMatch(wrong.told.join(), /does not know your token/);
  const reader = await runSend(folder, [path, url], { env: { PAWL_TOKEN: secrets["ben"]! } });
  assertMatch(reader.told.join(), /does not let you upload/);
  await Deno.writeTextFile(join(folder, "token"), `${secrets["anna"]}\n`);
  const byFile = await runSend(folder, ["--json", "--token-file", join(folder, "token"), path, url]);
  assertEquals([byFile.code, await site.finished()], [0, ["a"]]);
  const all = [none, wrong, reader, byFile].flatMap(({ printed, told }) => [...printed, ...told]).join();
  assertEquals(Object.values(secrets).filter((secret) => all.includes(secret)), []);
});

Deno.test("an upload link is an address too: each computer is one visitor, and gets no addresses of files", async () => {
  await using site = await startSite({ tokens: [{ name: "anna" }] });
  const wanted = { kind: "upload", folders: ["inbox"], expiresInMs: DAY, maxFiles: 2 } as const;
  const link = site.pawl.url + await addTestLink(site.data, wanted, "anna");
  const path = await site.write("a.bin", 3_000_000);
  for (let time = 0; time < 2; time++) {
    const { code, printed } = await runSend(site.folder, [path, link]);
    assertEquals([code, printed], [0, ["a.bin"]]);
  }
  assertEquals(await site.finished(), ["inbox/a.bin"]);
  const gone = await runSend(site.folder, [path, `${site.pawl.url}/u/pawl_${"x".repeat(43)}`]);
  assertEquals([gone.code, gone.told], [1, ["The link is not good any more: ask for another one"]]);
});

Deno.test("a file that changes while it is sent fails with a word, and nothing mixed is on the server", async () => {
  await using site = await startSite();
  const path = await site.write("log", 2_000_000);
  let isChanged = false;
  const { code, events } = await runSend(site.folder, ["--json", path, site.pawl.url], {
    onPrint(line) {
      if (isChanged || !line.includes('"progress"')) return;
      isChanged = true;
      change(path);
    },
  });
  const failed = events().find(({ event }) => event === "failed");
  assertEquals([code, failed?.code, failed?.path], [1, "file-changed", "log"]);
  assertEquals(await site.finished(), []);
});

Deno.test("the line that breaks is told, and the upload goes on by itself", async () => {
  await using site = await startSite();
  let connections = 0;
  await using proxy = await startProxy({
    to: site.pawl.port,
    plan: () => ++connections === 1 ? { kind: "reset", direction: "up", after: 700_000 } : undefined,
  });
  const path = await site.write("film", 2_000_000);
  const { code, told } = await runSend(site.folder, [path, `http://127.0.0.1:${proxy.port}`]);
  assertEquals([code, await site.isWhole("film", path)], [0, true], told.join("\n"));
  assertMatch(told.join("\n"), /^film: .+\. The next try is in \d+ s$/m);
});

Deno.test("two programs that send one file at the same time leave one whole file", async () => {
  await using site = await startSite();
  const path = await site.write("film", 1_500_000);
  const both = await Promise.all([1, 2].map(() => runSend(site.folder, [path, site.pawl.url])));
  assertEquals(both.map(({ code }) => code), [0, 0], both.flatMap(({ told }) => told).join("\n"));
  assertEquals([await site.finished(), await site.isWhole("film", path)], [["film"], true]);
});

Deno.test("JSON tells the beginning, the way and the end, one object a line", async () => {
  await using site = await startSite();
  const name = "ev\x1b[31mil\n\u202e";
  const path = await site.write(name, 2_000_000);
  const { code, events, printed } = await runSend(site.folder, ["--json", path, site.pawl.url]);
  const told = events();
  assertEquals(told[0], { event: "begin", files: 1, size: 2_000_000 });
  const progress = told.filter(({ event }) => event === "progress");
  assertEquals(progress.some(({ state, path, size }) => state === "sending" && path === name && size === 2e6), true);
  assertEquals(told.at(-2).event, "done");
  assertEquals([told.at(-2).path, told.at(-2).size], [name, 2_000_000]);
  assertEquals(told.at(-1), { event: "end", files: 1, done: 1, failed: 0, code: 0 });
  assertEquals([code, /[\p{Cc}\p{Cf}]/u.test(printed.join(""))], [0, false]);
});

Deno.test("many small files go together", async () => {
  await using site = await startSite();
  for (let at = 0; at < 40; at++) await site.write(`many/${at}`, 100 + at);
  const { code, printed } = await runSend(site.folder, [join(site.folder, "many"), site.pawl.url]);
  assertEquals([code, printed.length, (await site.finished()).length], [0, 40, 40]);
});

for (const isDead of [false, true]) {
  const disk = isDead ? "a disk that never answers" : "a disk";
  Deno.test(`a signal that comes while files are looked for on ${disk} does not end as if all were there`, async () => {
    await using site = await startSite();
    await site.write("photos/a.jpg", 10);
    const photos = join(site.folder, "photos");
    const stop = new AbortController();
    const { stat } = Deno;
    const stopping = async (path: string | URL): Promise<Deno.FileInfo> => {
      if (path === photos) stop.abort(143);
      return path === photos && isDead ? await new Promise(() => {}) : await stat(path);
    };
    Object.assign(Deno, { stat: stopping });
    const late = new AbortController();
    try {
      const sending = runSend(site.folder, [photos, site.pawl.url], { signal: stop.signal });
      const ended = await Promise.race([sending, delay(20_000, { signal: late.signal })]);
      assertEquals([ended?.code, ended?.printed], [143, []]);
      assertEquals(ended?.told.at(-1), "Stopped: 0 of 0 files are on the server. The same command goes on from there");
    } finally {
      Object.assign(Deno, { stat });
      late.abort();
    }
  });
}
