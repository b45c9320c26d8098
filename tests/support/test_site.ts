import { fromFileUrl, join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { readConfig } from "../../server/config/config.ts";
import { serve } from "../../server/serve.ts";
import { memoryLog } from "./log.ts";
import { sharedPages } from "./pawl.ts";
import { startPawl } from "./process.ts";
import { sha256OfStream, sourceOf } from "./sources.ts";
import { tempDir } from "./temp_dir.ts";
import { addTestToken } from "./tokens.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** A server, in this process or in one of its own. */
export interface SiteServer extends AsyncDisposable {
  /** The address of its page, with no slash at the end. */
  readonly url: string;
  readonly port: number;
}

/** A server that has nothing yet, and files to upload to it. */
export interface TestSite extends AsyncDisposable {
  readonly pawl: SiteServer;
  /** The server's data folder. */
  readonly data: string;
  /** The secrets of the tokens, by their names. */
  readonly secrets: Readonly<Record<string, string>>;
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

/** How a server is started. */
export interface SiteOptions {
  /** The arguments of the command. */
  readonly args?: string[];
  /** True for a process of its own, which ends by SIGKILL. */
  readonly isProcess?: boolean;
  /** Tokens that are there before the server starts: it lets nobody in without one then. */
  readonly tokens?: readonly Parameters<typeof addTestToken>[1][];
}

/** Starts a server. All ends with the scope. */
export async function startSite({ args = [], isProcess = false, tokens = [] }: SiteOptions = {}): Promise<TestSite> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const data = join(path, "data");
  const folder = join(path, "files");
  await Deno.mkdir(folder);
  const secrets: Record<string, string> = {};
  if (tokens.length > 0) await Deno.mkdir(data);
  for (const token of tokens) secrets[token.name] = await addTestToken(data, token);
  const pawl = open.use(await (isProcess ? startPawl(data, { args }) : serveHere(data, args)));
  const kept = open.move();
  let written = 0;
  return {
    pawl,
    data,
    secrets,
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

/** Starts a server in this process, which takes much less of the machine than one of its own. */
async function serveHere(data: string, args: string[]): Promise<SiteServer> {
  // No power is lost here, and tests in a browser would mostly wait for the disk.
  const config = readConfig(["--port", "0", "--data", data, "--durability", "relaxed", ...args], () => undefined);
  const pages = sharedPages();
  const running = await serve(config, { log: memoryLog(), root: ROOT, pages, now: Date.now, freeFiles: 1024 });
  const url = running.url.replace(/\/$/, "");
  return { url, port: Number(new URL(url).port), [Symbol.asyncDispose]: async () => void await running.stop(100) };
}

async function hashOf(path: string): Promise<string> {
  const file = await Deno.open(path);
  return (await sha256OfStream(file.readable)).sha256;
}
