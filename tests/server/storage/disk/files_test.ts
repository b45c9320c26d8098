import { assertEquals } from "@std/assert";
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
