import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { startServer, type TestServer } from "./support/pawl.ts";
import { tempDir } from "./support/temp_dir.ts";

const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
const section = /^## From the command line$(.*?)^## /ms.exec(readme)?.[1] ?? "";
const [send = "", whole = "", resumed = "", many = ""] = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map((
  [, lines = ""],
) => lines);

/** A connection that breaks after so many bytes: `tail` ends, and with it the body. */
const broken = (bytes: number) => `tail() { command tail "$@" | head -c ${bytes}; }\n`;

const isMissing = await Promise.any(["curl", "openssl"].map(async (program) => {
  const found = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).output();
  if (found.success) throw new Error(`${program} is there`);
})).then(() => true, () => false);

/** Runs lines of the README by the shell, in a folder with the file that they send; only the address is another one. */
async function runLines(lines: string, { folder, url }: { folder: string; url: string }) {
  const script = lines.replaceAll("http://localhost:8080", url);
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", script], cwd: folder }).output();
  const decoder = new TextDecoder();
  return { code, answer: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

interface Desk extends AsyncDisposable {
  readonly server: TestServer;
  /** Writes `film.mkv`. */
  write(bytes: Uint8Array): Promise<void>;
  run(lines: string): ReturnType<typeof runLines>;
}

/** A folder of a person at a terminal, and a server. */
async function openDesk(): Promise<Desk> {
  await using open = new AsyncDisposableStack();
  const { path: folder } = open.use(await tempDir());
  const server = open.use(await startServer());
  const kept = open.move();
  return {
    server,
    write: (bytes) => Deno.writeFile(join(folder, "film.mkv"), bytes),
    run: (lines) => runLines(lines, { folder, url: `http://localhost:${server.port}` }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

Deno.test("README: there are `send` and three recipes with curl for the command line", () => {
  assertMatch(send, /main\.ts send /);
  assertMatch(whole, /--data-binary @film\.mkv/);
  assertMatch(resumed, /X-Start-Byte/);
  // They would run on GNU/Linux alone: `stat -c`, `tail --bytes`, `base64 -w`, `sha256sum`.
  assert(!/\bstat\b|\s--bytes|\bbase64 -w|sha\d+sum|\[\[/.test(resumed));
});

Deno.test("README: the first recipe sends a whole file", { ignore: isMissing }, async () => {
  await using desk = await openDesk();
  const film = someBytes(300_000);
  await desk.write(film);
  assertEquals((await desk.run(whole)).answer, "Success 300000");
  assertEquals(await desk.server.finished("film.mkv"), film);
});

Deno.test(
  "README: the second recipe goes on after every break, and once more says the same",
  { ignore: isMissing },
  async () => {
    await using desk = await openDesk();
    const film = someBytes(300_000);
    await desk.write(film);
    assertEquals((await desk.run(broken(100_000) + resumed)).answer, "100000");
    assertEquals((await desk.run(broken(150_000) + resumed)).answer, "250000");
    // macOS' own `wc` puts spaces before its number.
    for (const wc of ["", `wc() { printf '     '; command wc "$@"; }\n`]) {
      assertEquals((await desk.run(wc + resumed)).answer, "Success 300000");
    }
    assertEquals(await desk.server.finished("film.mkv"), film);
    assertEquals(await desk.server.finishedNames(), ["film.mkv"]);
  },
);

Deno.test("README: a file that has changed since, of the same size, begins anew: no two versions in one", {
  ignore: isMissing,
}, async () => {
  // In what the server has, and in what is still to come.
  for (const at of [0, 299_999]) {
    await using desk = await openDesk();
    await desk.write(someBytes(300_000));
    assertEquals((await desk.run(broken(100_000) + resumed)).answer, "100000");
    const changed = someBytes(300_000);
    changed[at]! ^= 1;
    await desk.write(changed);
    assertEquals([at, (await desk.run(resumed)).answer], [at, "Success 300000"]);
    assertEquals(await desk.server.finished("film.mkv"), changed);
  }
});

Deno.test("README: a file that changes while it is sent is refused", { ignore: isMissing }, async () => {
  await using desk = await openDesk();
  await desk.write(someBytes(300_000));
  const changing =
    `tail() { printf changed | dd of=film.mkv bs=1 seek=200000 conv=notrunc 2>/dev/null; command tail "$@"; }\n`;
  assertMatch((await desk.run(changing + resumed)).answer, /does not have the sha-256 digest/);
  assertEquals(await desk.server.finishedNames(), []);
});

Deno.test("README: an empty file, and a name in another script, are sent too", { ignore: isMissing }, async () => {
  await using desk = await openDesk();
  await desk.write(new Uint8Array());
  for (let time = 0; time < 2; time++) assertEquals((await desk.run(resumed)).answer, "Success 0");
  await desk.write(someBytes(1000));
  const renamed = `mv film.mkv 'мой фильм 2.mkv'\n${resumed.replace("film.mkv", "'мой фильм 2.mkv'")}`;
  assertEquals((await desk.run(renamed)).answer, "Success 1000");
  await desk.write(someBytes(1000));
  const percent = `mv film.mkv '100%41 off.mkv'\n${resumed.replace("film.mkv", "'100%41 off.mkv'")}`;
  assertEquals((await desk.run(percent)).answer, "Success 1000");
  assertEquals(await desk.server.finishedNames(), ["100%41 off.mkv", "film.mkv", "мой фильм 2.mkv"]);
});

Deno.test("README: where something is missing the recipe stops, and no unprotected file comes of it", {
  ignore: isMissing,
}, async () => {
  await using desk = await openDesk();
  const noFile = await desk.run(resumed);
  assert(noFile.code !== 0 && noFile.answer === "", noFile.answer);
  await desk.write(someBytes(1000));
  const noOpenssl = await desk.run(`openssl() { return 127; }\n${resumed}`);
  assert(noOpenssl.code !== 0 && noOpenssl.answer === "", noOpenssl.answer);
  // A digest that came out empty, though its tool did not say so.
  const noDigest = await desk.run(`openssl() { :; }\n${resumed}`);
  assertMatch(noDigest.answer, /^Repr-Digest must be like/);
  const noServer = await desk.run(resumed.replace("http://localhost:8080", "http://127.0.0.1:1"));
  assert(noServer.code !== 0 && noServer.answer === "", noServer.answer);
  assertEquals([await desk.server.finishedNames(), await desk.server.incomingNames()], [[], []]);
});

Deno.test("README: the third recipe sends the files of a folder in one request", { ignore: isMissing }, async () => {
  await using desk = await openDesk();
  const names = ["a b.txt", "c;type=d,e.txt", "사진.jpg"];
  const { code, answer, errors } = await desk.run(
    `mkdir photos; for name in ${
      names.map((name) => `'${name}'`).join(" ")
    }; do echo "$name" > "photos/$name"; done\n${many}`,
  );
  assertEquals([code, errors, answer.trimEnd().split("\n").length], [0, "", 3]);
  assertEquals(await desk.server.finishedNames(), names);
  for (const name of names) assertEquals(new TextDecoder().decode(await desk.server.finished(name)), `${name}\n`);
});
