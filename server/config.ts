import { parseArgs } from "@std/cli/parse-args";
import { type Config, type Option, OPTIONS, variableOf } from "./options.ts";

export { type Config, OPTIONS, variableOf };

/** Thrown for a wrong flag or environment variable. Its message is for the person who typed it. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const ALL: readonly (readonly [name: string, option: Option<unknown>])[] = Object.entries(OPTIONS);

/**
 * Reads each option from the command line, or else from its `PAWL_` variable in the environment, or else takes its
 * default. Gives `"help"` when that was asked for. Throws {@linkcode ConfigError}.
 */
export function readConfig(args: readonly string[], env: (name: string) => string | undefined): Config | "help" {
  const flagsOf = (kind: (option: Option<unknown>) => boolean | undefined) =>
    ALL.filter(([, option]) => !option.isSecret && kind(option)).map(([, { flag }]) => flag);
  const given: Record<string, unknown> = parseArgs(args, {
    string: flagsOf(({ isSwitch }) => !isSwitch),
    collect: flagsOf(({ isList }) => isList),
    boolean: ["help", ...flagsOf(({ isSwitch }) => isSwitch)],
    unknown(argument) {
      throw new ConfigError(`Unknown argument "${argument}": see --help`);
    },
  });
  if (given["help"] === true) return "help";

  function read({ flag, fallback, parse, wanted, isSecret }: Option<unknown>): unknown {
    const onCommandLine = textOf(given[flag]);
    const [name, text] = onCommandLine !== undefined
      ? [`--${flag}`, onCommandLine]
      : [variableOf(flag), env(variableOf(flag)) ?? fallback];
    const value = parse(text);
    if (value === undefined) {
      throw new ConfigError(isSecret ? `${name} must be ${wanted}` : `${name} cannot be "${text}": give ${wanted}`);
    }
    return value;
  }
  // The cast is right because each value comes from the parser of its own option.
  const config = Object.freeze(Object.fromEntries(ALL.map(([name, option]) => [name, read(option)]))) as Config;
  refuseContradictions(config);
  return config;
}

/** Throws {@linkcode ConfigError} for options that cannot be meant together. */
function refuseContradictions(config: Config): void {
  const { open, fixedToken, fixedTokenFile, trustedProxies, userHeader, webhooks, webhookSecret } = config;
  const asks = config.preCreateUrl !== "" || config.preFinishUrl !== "";
  const wrong: readonly (readonly [isWrong: boolean, why: string])[] = [
    [userHeader !== "" && trustedProxies.length === 0, "--user-header needs --trust-proxy: nobody else may name users"],
    [userHeader !== "" && open, "--open lets anybody in, so --user-header cannot say who may: give one of them"],
    [fixedToken !== "" && fixedTokenFile !== "", "PAWL_TOKEN and --token-file both give a token: give one of them"],
    [webhooks.includes("*"), "--webhook cannot be *: give an address"],
    [
      (webhooks.length > 0 || asks) && webhookSecret === "",
      `${
        asks ? "--pre-create-url and --pre-finish-url need" : "--webhook needs"
      } PAWL_WEBHOOK_SECRET, by which the receiver knows this server: make one by ` +
      '`echo "whsec_$(openssl rand -base64 32)"`',
    ],
    [trustedProxies.includes("*"), "--trust-proxy cannot be *: then every client could name its own address"],
  ];
  const found = wrong.find(([isWrong]) => isWrong);
  if (found !== undefined) throw new ConfigError(found[1]);
}

/** The text of a flag, with repeated flags joined by commas; `undefined` when the flag was not given. */
function textOf(given: unknown): string | undefined {
  if (given === true) return "true";
  if (Array.isArray(given)) return given.length === 0 ? undefined : given.join(",");
  return typeof given === "string" ? given : undefined;
}

/** Makes the text of `--help`. */
export function helpText(): string {
  const rows = ALL.map(([, { flag, value, fallback, help, isSecret }]) => {
    const start = isSecret ? "  (no flag)".padEnd(28) : `  --${`${flag} ${value}`.padEnd(24)}`;
    return `${start}${help.replaceAll("`", "")}\n${" ".repeat(28)}(${variableOf(flag)}; default ${fallback})`;
  });
  return [
    "Pawl: a resumable upload server. Whatever breaks, an upload goes on from the byte that is safe on disk.",
    "",
    "Usage: deno run -A main.ts [options]",
    "       deno run -A main.ts token --help",
    "       deno run -A main.ts link --help",
    "       deno run -A main.ts webhook --help",
    "",
    ...rows,
    `  --${"help".padEnd(24)}this text`,
    "",
    "Each option can also be given by the environment variable named beside it.",
  ].join("\n");
}
