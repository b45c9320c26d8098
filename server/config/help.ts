import { ALL_OPTIONS, type Option, secretFileOf, variableOf } from "./options.ts";

/** Makes the text of `--help`. */
export function helpText(): string {
  return [
    "Pawl: a resumable upload server. Whatever breaks, an upload goes on from the byte that is safe on disk.",
    "",
    "Usage: deno run -A main.ts [options]",
    "       deno run -A main.ts token --help",
    "       deno run -A main.ts link --help",
    "       deno run -A main.ts webhook --help",
    "       deno run -A main.ts list --help",
    "       deno run -A main.ts verify --help",
    "       deno run -A main.ts gc --help",
    "       deno run -A main.ts backup --help",
    "",
    ...ALL_OPTIONS.map(rowOf),
    `  --${"check-config".padEnd(24)}says what is wrong with the options, or that they are right, and starts nothing`,
    `  --${"help".padEnd(24)}this text`,
    "",
    "SIZE is a number of bytes, also with a unit: 500, 64KiB, 1.5GB (B, KB, MB, GB, TB; KiB, MiB, GiB, TiB).",
    "TIME is a number with a unit: 500ms, 60s, 5m, 12h, 7d.",
    "",
    "Each option can also be given by the environment variable named beside it, or in the file of --config by its name",
    "without the dashes. The command line counts before the environment, and the environment before the file.",
    "Those with a * can change while the server runs: SIGHUP makes it read the file again.",
  ].join("\n");
}

/** The two lines of one option: what it does, and its variable and default below. */
function rowOf(option: Option<unknown>): string {
  const { flag, value, fallback, help, isSecret, isLive } = option;
  const file = secretFileOf(option);
  const start = isSecret ? "  (no flag)".padEnd(28) : `  --${`${flag} ${value}`.padEnd(24)}`;
  const more = `(${variableOf(flag)}${file === undefined ? "" : `, or a file by ${file}`}; default ${fallback})${
    isLive ? " *" : ""
  }`;
  return `${start}${help.replaceAll("`", "")}\n${" ".repeat(28)}${more}`;
}
