import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startPawl } from "./process.ts";
import { sha256Of } from "./sources.ts";
import { PATIENCE_MS } from "./until.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { MAX_BYTES } from "./upload_model.ts";

/** How long an unfinished upload is kept after its last byte. */
export const EXPIRE_MS = 7 * 86_400_000;
/** How long a request may take until its bytes are on disk; one that takes longer is only not known to be there. */
const HOLD_MS = 150;

/** What the model speaks to: a server that can be killed and started again, and whose time can be advanced. */
export interface ModelServer extends AsyncDisposable {
  /** Where requests go. */
  readonly port: number;
  /** Lets the next ones go to another instance, where there are several. */
  next(): void;
  /** Ends the server by a signal; meanwhile does `work`. Returns when it listens again. */
  restart(signal: "SIGKILL" | "SIGTERM", work?: () => Promise<void>): Promise<void>;
  /** Lets a part of the time pass that unfinished uploads are kept, and what is past its time be removed. */
  advance(part: number): Promise<void>;
  /** Lets so much time pass that no unfinished upload is left, as soon as nobody writes to any. */
  forgetUnfinished(): Promise<void>;
  /** Waits, though not long, until an unfinished upload is seen to have that many bytes; says whether one has. */
  holds(bytes: number): Promise<boolean>;
  /** Throws when the server has logged an error or a warning. */
  checkLog(): void;
  /**
   * Takes the finished files away from the server; gives what they were, by their names without the number that tells
   * files of one name apart. Throws when something is left among the unfinished ones.
   */
  takeFiles(): Promise<TakenFile[]>;
}

/** A finished file. */
export interface TakenFile {
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

/** Starts a server process on a data folder of its own. */
export async function startModelServer(): Promise<ModelServer> {
  const dir = await tempDir();
  return new FolderServer(dir, await startSteered(dir.path, 0));
}

class FolderServer implements ModelServer {
  readonly #dir: TempDir;
  #process: Awaited<ReturnType<typeof startPawl>>;
  #aheadMs = 0;

  constructor(dir: TempDir, process: Awaited<ReturnType<typeof startPawl>>) {
    this.#dir = dir;
    this.#process = process;
  }

  get port(): number {
    return this.#process.port;
  }

  next(): void {}

  async restart(signal: "SIGKILL" | "SIGTERM", work?: () => Promise<void>): Promise<void> {
    const [code] = await Promise.all([this.#process.stop(signal), work?.()]);
    if (signal === "SIGTERM") assertEquals(code, 0, `It ended with code ${code}:\n${this.#process.output()}`);
    this.checkLog();
    this.#process = await startSteered(this.#dir.path, this.#aheadMs);
  }

  async advance(part: number): Promise<void> {
    const ms = Math.round(part * EXPIRE_MS);
    this.#aheadMs += ms;
    await this.#process.tell(`advance ${ms}`);
  }

  async forgetUnfinished(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    do await this.advance(1.2); while (
      (await namesIn(join(this.#dir.path, "incoming"))).length > 0 && performance.now() < deadline
    );
  }

  async holds(bytes: number): Promise<boolean> {
    const folder = join(this.#dir.path, "incoming");
    const deadline = performance.now() + HOLD_MS;
    while (performance.now() < deadline) {
      for (const name of await namesIn(folder)) {
        const size = await Deno.stat(join(folder, name)).then((info) => info.size, () => undefined);
        if (size === bytes) return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return false;
  }

  checkLog(): void {
    checkLog(this.#process.output());
  }

  async takeFiles(): Promise<TakenFile[]> {
    const folder = join(this.#dir.path, "files");
    const files: TakenFile[] = [];
    for (const name of await namesIn(folder)) {
      const bytes = await Deno.readFile(join(folder, name));
      files.push(takenFile(name, bytes));
      await Deno.remove(join(folder, name));
    }
    const deadline = performance.now() + PATIENCE_MS;
    let left = await namesIn(join(this.#dir.path, "incoming"));
    while (left.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      left = await namesIn(join(this.#dir.path, "incoming"));
    }
    assertEquals(left, [], "Something is left among the unfinished uploads");
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** Throws when a server has printed an error or a warning. */
export function checkLog(output: string): void {
  const complaint = output.split("\n").find((line) => / \[(?:ERROR|WARNING|FATAL)\] /.test(line));
  if (complaint !== undefined) throw new Error(`The server has logged: ${complaint}`);
}

/** A finished file of that name and those bytes. */
export function takenFile(name: string, bytes: Uint8Array): TakenFile {
  return { name: name.replace(/ \(\d+\)(?=\.bin$)/, ""), sha256: sha256Of([bytes]), size: bytes.length };
}

/** Starts a server process whose clock is so far ahead, and can be put forward by the line `advance MS`. */
export function startSteered(
  data: string,
  aheadMs: number,
  env: Record<string, string> = {},
): ReturnType<typeof startPawl> {
  return startPawl(data, {
    script: "tests/support/steered_server.ts",
    args: ["--max-size", String(MAX_BYTES), "--min-free", "none", "--expire-after", `${EXPIRE_MS}ms`],
    env: { ...env, PAWL_TEST_AHEAD_MS: String(aheadMs) },
  });
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names;
}
