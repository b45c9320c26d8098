import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openFiles } from "../../../../server/storage/disk/files.ts";
import { tempDir } from "../../../support/temp_dir.ts";

Deno.test("a relaxed store remembers the files that it opened, and no id without a file", async () => {
  await using dir = await tempDir();
  const bytes = await openFiles(dir.path, { durable: false });
  for (let number = 0; number < 100; number++) assertEquals(await bytes.open(`unknown-${number}`), undefined);
  const created = await bytes.create("known");
  if (created !== "locked") await created[Symbol.asyncDispose]();
  const flushed = await whatIsOpened(() => bytes.flush());
  assertEquals(flushed, [`${dir.path}/incoming/known`]);
});

Deno.test("a file that another process removes between its opening and its locking is not written to", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "incoming", "a");
  let between = () => {};
  const lend = (open: () => Deno.FsFile) => {
    const file = open();
    between();
    return file;
  };
  const bytes = await openFiles(dir.path, { durable: false, lend });
  const changes = [
    () => Deno.removeSync(path),
    () => {
      Deno.removeSync(path);
      Deno.writeFileSync(path, new Uint8Array());
    },
  ];
  for (const change of changes) {
    const created = await bytes.create("a");
    if (created !== "locked") await created[Symbol.asyncDispose]();
    between = change;
    assertEquals(await bytes.open("a"), "locked");
    between = () => {};
    await bytes.discard("a");
  }
});

/** The paths that `work` opens by `Deno.open`. */
async function whatIsOpened(work: () => Promise<void>): Promise<string[]> {
  const { open } = Deno;
  const paths: string[] = [];
  Deno.open = (path, options) => {
    paths.push(String(path));
    return open(path, options);
  };
  try {
    await work();
  } finally {
    Deno.open = open;
  }
  return paths;
}
