import { tempDir } from "./temp_dir.ts";

/** A small disk of the test's own. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

/** Mounts a disk of so many megabytes; `undefined` where this process may not mount one. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const dir = await tempDir();
  const mounted = await run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", dir.path);
  if (!mounted) {
    await dir[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    path: dir.path,
    async [Symbol.asyncDispose]() {
      await run("umount", dir.path);
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a test on a disk of its own; ignored, with the reason in its name, where there can be none. */
export async function testOnSmallDisk(
  name: string,
  megabytes: number,
  fn: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  const probe = await mountSmallDisk(1);
  await probe?.[Symbol.asyncDispose]();
  const ignore = probe === undefined;
  Deno.test({
    name: ignore ? `${name} (ignored: this process may not mount a disk)` : name,
    ignore,
    async fn() {
      await using disk = await mountSmallDisk(megabytes);
      if (disk === undefined) throw new Error("Cannot mount a disk any more");
      await fn(disk);
    },
  });
}
