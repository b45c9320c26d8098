import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { gather } from "../../../server/send/gather.ts";
import { needsAll } from "../../support/needs_all.ts";
import { tempDir } from "../../support/temp_dir.ts";

const { signal } = new AbortController();

/** Writes files with one time of last change. */
async function write(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(folder, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
    await Deno.utime(join(folder, path), 1_700_000_000, 1_700_000_000);
  }
}

Deno.test("a file that is named twice is sent once", needsAll, async () => {
  await using dir = await tempDir();
  await write(dir.path, { "a/x": "1", "b/y": "1" });
  await Deno.link(join(dir.path, "a/x"), join(dir.path, "b/x"));
  const paths = ["a/x", "a/../a/x", "b/x", "a", "a/"].map((path) => `${dir.path}/${path}`);
  const { files, missing } = await gather(paths, { signal });
  assertEquals([files.map(({ path }) => path), missing], [["x", "a/x"], []]);
});

Deno.test("two files that the server would take for one are not sent as one", async () => {
  await using dir = await tempDir();
  await write(dir.path, { "a/x": "1", "b/x": "2", "c/x": "longer" });
  const { files, missing } = await gather(["a/x", "b/x", "c/x"].map((path) => join(dir.path, path)), { signal });
  assertEquals(files.map(({ file }) => file.size), [1, 6]);
  assertEquals(missing.map(({ path }) => path), [join(dir.path, "b/x")]);
  assertStringIncludes(missing[0]!.reason, join(dir.path, "a/x"));
});

Deno.test("a file that does not tell its size is not sent as an empty one", needsAll, async () => {
  await using dir = await tempDir();
  await write(dir.path, { empty: "" });
  const { files, missing } = await gather(["/proc/cpuinfo", join(dir.path, "empty")], { signal });
  assertEquals(files.map(({ path }) => path), ["empty"]);
  assertEquals(missing, [{
    path: "/proc/cpuinfo",
    reason: "it does not tell its size: give - to send what comes out of it",
  }]);
});

Deno.test("what cannot be opened says why", needsAll, async () => {
  await using dir = await tempDir();
  await Deno.symlink("nowhere", join(dir.path, "dangling"));
  await Deno.symlink("loop", join(dir.path, "loop"));
  const made = await new Deno.Command("/bin/sh", { args: ["-c", "> \"$(printf 'x\\377')\""], cwd: dir.path }).output();
  assertEquals(made.success, true);
  const { missing } = await gather([dir.path, join(dir.path, "none")], { signal });
  assertEquals(missing.map(({ path, reason }) => [path.slice(dir.path.length + 1), reason]), [
    ["dangling", "the link leads to nothing"],
    ["loop", "the link leads round in a circle"],
    ["x\ufffd", "its name is not UTF-8, so Deno cannot open it: give it another name"],
    ["none", "there is no such file: check its name"],
  ]);
});
