import { parseArgs } from "@std/cli/parse-args";
import { ConfigError } from "../config/config.ts";
import { defined } from "../defined.ts";
import { nearest } from "../config/nearest.ts";
import { PROGRAM } from "../config/program.ts";

/** The command that `doctor` was given. */
export interface DoctorCommand {
  /** The address of the server as people use it, or of an upload link. */
  readonly url: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  /** Leaves the long waits and the large bodies out. */
  readonly isQuick: boolean;
  readonly isJson: boolean;
}

/** The command to look at the stores of many instances. */
export interface DoctorStoresCommand {
  readonly isBucket: true;
  readonly isJson: boolean;
}

/** The text of `doctor --help`. */
export const DOCTOR_HELP = [
  "Uploads through the public address of a Pawl server, cuts, waits, and says what stands in between: proxies that hold",
  "requests back, limit or change them, or end them too early, and which lines to change. It removes what it uploads.",
  "",
  `Usage: ${PROGRAM} doctor [options] URL`,
  `       ${PROGRAM} doctor --bucket [--json]`,
  "",
  "  URL                the server as people reach it, such as https://up.example, or an upload link",
  "  --token-file FILE  a file with your token. Or give the token by the environment, in PAWL_TOKEN",
  "  --ca FILE          the certificates (PEM) to trust besides the usual ones",
  "  --quick            leaves the long waits and the large bodies out",
  "  --bucket           looks at the bucket of PAWL_BUCKET and the database of PAWL_DATABASE instead, as many instances",
  "                     would use them: rights, what the servers can do, and settings that would lose bytes",
  "  --json             one JSON object on standard output, for programs (docs/doctor.md)",
  "",
  "Exit codes: 0 nothing is in the way, 1 something is, 2 no Pawl let it in or the command line is wrong, 130 after",
  "Ctrl-C, 143 after SIGTERM.",
].join("\n");

const TEXTS = ["token-file", "ca"] as const;
const SWITCHES = ["quick", "bucket", "json", "help"] as const;

/** Reads the arguments behind `doctor`. Throws {@linkcode ConfigError}. */
export function parseDoctorCommand(args: readonly string[]): DoctorCommand | DoctorStoresCommand | "help" {
  const given: Record<string, unknown> & { readonly _: readonly unknown[] } = parseArgs([...args], {
    string: [...TEXTS, "_"],
    boolean: [...SWITCHES],
    unknown(argument) {
      if (!argument.startsWith("-")) return;
      const flag = argument.replace(/^--?/, "").replace(/=.*$/s, "");
      if (flag === "token") throw new ConfigError("Others can see a token on the command line: use --token-file FILE");
      const meant = nearest(flag, [...TEXTS, ...SWITCHES]);
      throw new ConfigError(
        `There is no ${argument}${meant === undefined ? "" : `, maybe --${meant}`}: see doctor --help`,
      );
    },
  });
  if (given["help"] === true) return "help";
  const text = (flag: typeof TEXTS[number]): string | undefined => {
    const value = given[flag];
    if (value === undefined) return undefined;
    if (typeof value !== "string" || value === "") throw new ConfigError(`--${flag} needs a value: see doctor --help`);
    return value;
  };
  const [url = "", ...more] = given._.map(String);
  if (given["bucket"] === true) {
    if (url !== "") {
      throw new ConfigError("--bucket looks at PAWL_BUCKET, and an address at a server: give one of them");
    }
    return { isBucket: true, isJson: given["json"] === true };
  }
  if (!/^https?:\/\//i.test(url) || more.length > 0) {
    throw new ConfigError("Say which server to look at, by its address alone, such as https://up.example");
  }
  return {
    url,
    ...defined({ tokenFile: text("token-file"), caFile: text("ca") }),
    isQuick: given["quick"] === true,
    isJson: given["json"] === true,
  };
}
