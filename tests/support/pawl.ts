import { fromFileUrl, join } from "@std/path";
import type { Config } from "../../server/config.ts";
import { openPawl, type Pawl } from "../../server/open.ts";
import { type Running, serve } from "../../server/serve.ts";
import { type MemoryLog, memoryLog } from "./log.ts";
import { tempDir } from "./temp_dir.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));

/** What a test may want to be different from the defaults. */
export type Wishes = Partial<Config> & { readonly now?: () => number };

interface TestFolder extends AsyncDisposable {
  readonly data: string;
  readonly log: MemoryLog;
  /** The finished file of that name. */
  finished(name: string): Promise<Uint8Array>;
  /** The names of the finished files, sorted. */
  finishedNames(): Promise<string[]>;
  /** The names in `incoming/`. */
  incomingNames(): Promise<string[]>;
}

/** Pawl without a port: `app` is called as a function. */
export type TestApp = TestFolder & Pawl;

/** Pawl in this process on a free port of 127.0.0.1. */
export type TestServer = TestFolder & Running & { readonly port: number };

/** Opens Pawl on a folder of the test's own, or on `wishes.data`; use with `await using`. */
export async function openTestApp(wishes: Wishes = {}): Promise<TestApp> {
  const { folder, config, end } = await testFolder(wishes);
  const pawl = await openPawl(config, { log: folder.log, root, now: wishes.now ?? Date.now });
  return {
    ...folder,
    ...pawl,
    async [Symbol.asyncDispose]() {
      await pawl.interrupt();
      pawl.close();
      await end();
    },
  };
}

/** Starts Pawl on a free port; use with `await using`. */
export async function startServer(wishes: Wishes = {}): Promise<TestServer> {
  const { folder, config, end } = await testFolder(wishes);
  const running = await serve(config, { log: folder.log, root, now: wishes.now ?? Date.now });
  let stopped: Promise<boolean> | undefined;
  const stop = (patienceMs = 100) => stopped ??= running.stop(patienceMs);
  return {
    ...folder,
    url: running.url,
    sweep: running.sweep,
    port: Number(new URL(running.url).port),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await end();
    },
  };
}

async function testFolder(
  wishes: Wishes,
): Promise<{ folder: Omit<TestFolder, keyof AsyncDisposable>; config: Config; end: () => Promise<void> }> {
  const own = wishes.data === undefined ? await tempDir() : undefined;
  const data = wishes.data ?? own!.path;
  const names = async (folder: string, counts = (_: Deno.FileInfo) => true) => {
    const found: string[] = [];
    for await (const { name } of Deno.readDir(join(data, folder))) {
      const info = await Deno.lstat(join(data, folder, name)).catch(() => undefined);
      if (info !== undefined && counts(info)) found.push(name);
    }
    return found.sort();
  };
  return {
    config: {
      host: "127.0.0.1",
      port: 0,
      data,
      maxBytes: Infinity,
      idleMs: 60_000,
      minBytesPerSecond: 0,
      minFreeBytes: 0,
      maxPerAddress: Infinity,
      expireAfterMs: 7 * 86_400_000,
      durable: Deno.env.get("PAWL_DURABILITY") !== "relaxed",
      allowedOrigins: [],
      publicUrl: "",
      logLevel: "info",
      ...wishes,
    },
    folder: {
      data,
      log: memoryLog(),
      finished: (name) => Deno.readFile(join(data, "files", name)),
      finishedNames: () => names("files"),
      // What has another name already is on its way out.
      incomingNames: () => names("incoming", ({ nlink }) => nlink === 1),
    },
    end: async () => void await own?.[Symbol.asyncDispose](),
  };
}
