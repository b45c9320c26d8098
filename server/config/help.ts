import { ALL_OPTIONS, type Option, OPTIONS, secretFileOf, variableOf } from "./options.ts";
import { PROGRAM } from "./program.ts";
import { VERSION } from "./version.ts";

/** A command besides the server, which has a `--help` of its own. */
interface CommandHelp {
  readonly name: string;
  readonly about: string;
}

/** Makes the text of `--help`. `data` is the data folder when nobody gives one; by default that of the option. */
export function helpText(commands: readonly CommandHelp[], data: string = OPTIONS.data.fallback): string {
  return [
    `Pawl ${VERSION}: a resumable upload server. Whatever breaks, an upload goes on from the byte that is safe on disk.`,
    "",
    `Usage: ${PROGRAM} [options]             starts the server`,
    `       ${PROGRAM} COMMAND [options]     does one of these; COMMAND --help tells more`,
    "",
    ...commands.map(({ name, about }) => `  ${name.padEnd(26)}${about}`),
    "",
    "The options of the server:",
    "",
    ...ALL_OPTIONS.map((option) => rowOf(option.flag === OPTIONS.data.flag ? { ...option, fallback: data } : option)),
    `  --${"check-config".padEnd(24)}says what is wrong with the options, or that they are right, and starts nothing`,
    `  --${"version".padEnd(24)}the version of Pawl, its commit, and the version of Deno`,
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
  return `${start}${plain(help)}\n${" ".repeat(28)}${more}`;
}

/** The text without the marks that it has in the table of docs/options.md. */
function plain(markdown: string): string {
  return markdown.replaceAll("`", "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}
