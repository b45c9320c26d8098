import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { type PawlProcess, startPawl } from "./process.ts";
import { sha256OfStream, sourceOf } from "./sources.ts";
import { tempDir } from "./temp_dir.ts";

/** A server that has nothing yet, and files to upload to it. */
export interface TestSite extends AsyncDisposable {
  readonly pawl: PawlProcess;
  /** The server's data folder. */
  readonly data: string;
  /** A folder for the files of the test. */
  readonly folder: string;
  /** Writes a file of so many bytes, unlike those of all others; gives its path. */
  write(path: string, size: number): Promise<string>;
  /** The paths of the finished files on the server, sorted. */
  finished(): Promise<string[]>;
  /** How many unfinished uploads have bytes on the server. */
  unfinished(): Promise<number>;
  /** Whether the server has a file with the bytes of the one that `write()` wrote. */
  isWhole(name: string, path: string): Promise<boolean>;
}

/** Starts a server with these arguments. All ends with the scope. */
export async function startSite(args: string[] = []): Promise<TestSite> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const data = join(path, "data");
  const folder = join(path, "files");
  await Deno.mkdir(folder);
  const pawl = open.use(await startPawl(data, { args }));
  const kept = open.move();
  let written = 0;
  return {
    pawl,
    data,
    folder,
    async write(name, size) {
      const target = join(folder, name);
      await Deno.mkdir(join(target, ".."), { recursive: true });
      await Deno.writeFile(target, sourceOf(++written, size).bytes());
      return target;
    },
    finished: () => filesBelow(join(data, "files")),
    unfinished: async () => (await filesBelow(join(data, "incoming"))).length,
    async isWhole(name, source) {
      const [arrived, original] = await Promise.all([join(data, "files", name), source].map(hashOf));
      return arrived === original;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function hashOf(path: string): Promise<string> {
  const file = await Deno.open(path);
  return (await sha256OfStream(file.readable)).sha256;
}
