import { fromFileUrl } from "@std/path";
import { BUILD_FILE } from "../server/config/version.ts";

/** The parts of a binary besides the program: the folders of the page and of its client, and what a thread runs. */
const PARTS = ["static", "client", "server/send/digest_worker.ts"];

const root = new URL("../", import.meta.url);

/** The differences between binaries. */
export interface BinaryOptions {
  /** The path of the binary, absolute or from the working folder. */
  readonly output: string;
  /** The system and processor, as Rust names them. By default those of this machine. */
  readonly target?: string;
  /** Deno's runtime for the target. By default Deno takes it from its cache, or fetches it from dl.deno.land. */
  readonly runtime?: string;
}

/** Makes a binary. Gives the lines that Deno printed if it could not. */
export async function compileOne({ output, target, runtime }: BinaryOptions): Promise<string | undefined> {
  const build = new URL(BUILD_FILE, root);
  await Deno.writeTextFile(build, `${JSON.stringify({ commit: await currentCommit() })}\n`);
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["compile", "-A", "--no-check", "--exclude-unused-npm"],
        ...[...PARTS, BUILD_FILE].flatMap((name) => ["--include", fromFileUrl(new URL(name, root))]),
        ...target === undefined ? [] : ["--target", target],
        ...["--output", output, fromFileUrl(new URL("main.ts", root))],
      ],
      env: { NO_COLOR: "1", ...runtime !== undefined && { DENORT_BIN: runtime } },
      stdout: "null",
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(build);
  }
}

/** The commit of the checkout, with a + if there are changes that it does not have; `null` without Git. */
async function currentCommit(): Promise<string | null> {
  const [head, changes] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("status", "--porcelain", "--untracked-files=no"),
  ]);
  return head === undefined ? null : changes === "" ? head : `${head}+`;
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", { args, cwd: root, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}
