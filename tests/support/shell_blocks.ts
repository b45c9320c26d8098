import { fromFileUrl } from "@std/path";
import { filesBelow } from "../faults/run.ts";

/** A fenced block of shell in the documentation. */
export interface ShellBlock {
  /** The file, from the root of the checkout, and the block's first line: `README.md: npx …`. */
  readonly key: string;
  /** The place for a person who looks for it. */
  readonly place: string;
  readonly script: string;
}

const root = fromFileUrl(new URL("../../", import.meta.url));

/** The blocks of the README and of `docs/`. Every fence that a shell can run counts: `sh`, `bash`, `shell`, `console`. */
export async function documentedBlocks(): Promise<ShellBlock[]> {
  const docs = (await filesBelow(`${root}docs`)).filter((path) => path.endsWith(".md")).map((path) => `docs/${path}`);
  const files = ["README.md", ...docs];
  return (await Promise.all(files.map(async (file) => blocksOf(file, await Deno.readTextFile(root + file))))).flat();
}

/**
 * The blocks in the text of a file. A block in a list is set in by spaces, which are no part of it. Of a `console`, which
 * shows a run with what was printed, the lines behind a `$` are the script.
 */
export function blocksOf(file: string, text: string): ShellBlock[] {
  return [...text.matchAll(/^( *)```(sh|bash|shell|console)\b.*\n([^]*?)^ *```$/gm)].map((match) => {
    const [, indent = "", kind, shown = ""] = match;
    const lines = shown.split("\n").map((line) => line.startsWith(indent) ? line.slice(indent.length) : line);
    const script = kind === "console"
      ? lines.flatMap((line) => line.match(/^\$ (.*)/)?.[1] ?? []).join("\n")
      : lines.join("\n");
    const line = text.slice(0, match.index).split("\n").length;
    return { key: `${file}: ${script.split("\n")[0]}`, place: `${file}:${line}`, script };
  });
}
