import { type CommandLine, parseCommandLine } from "./command_line.ts";
import { ConfigError } from "./config_error.ts";
import type { ConfigFile } from "./config_file.ts";
import type { ChosenData } from "./default_data.ts";
import { defined } from "../defined.ts";
import { UNIX_PEERS } from "../networks.ts";
import { nearest } from "./nearest.ts";
import { missesBase } from "./outward.ts";
import { ALL_OPTIONS, type Config, type Option, OPTIONS, secretFileOf, variableOf } from "./options.ts";

export { type Config, ConfigError, OPTIONS, variableOf };

/** The places that options come from besides the command line. */
export interface Sources {
  /** Reads a variable of the environment. */
  readonly env: (name: string) => string | undefined;
  /** The names of the variables that are set, as far as the process may list them. */
  readonly names?: readonly string[];
  readonly file?: ConfigFile | undefined;
  /** The data folder when nobody gives one. By default it is the one of the option. */
  readonly chosenData?: ChosenData | undefined;
}

/** The configuration, with the text of each option, by its flag, for messages. A secret has no text. */
export interface Settings {
  readonly config: Config;
  readonly texts: ReadonlyMap<string, string>;
  /** Why the data folder is where it is, if the program chose it. */
  readonly whyData?: string;
}

/**
 * Reads each option from the command line, or else from its `PAWL_` variable in the environment, or else from the
 * configuration file, or else takes its default. Throws {@linkcode ConfigError}.
 */
export function readSettings({ texts: flags }: CommandLine, { env, names = [], file, chosenData }: Sources): Settings {
  refuseMistyped(names);
  const texts = new Map<string, string>();
  let whyData: string | undefined;

  function read({ flag, fallback, parse, wanted, isSecret, choices }: Option<unknown>): unknown {
    const variable = variableOf(flag);
    const places: readonly (readonly [place: string, text: string | undefined])[] = [
      [`--${flag}`, flags.get(flag)],
      [variable, env(variable)],
      [`"${flag}" in ${file?.path}`, file?.texts.get(flag)],
    ];
    const given = places.find(([, text]) => text !== undefined);
    if (given === undefined && flag === OPTIONS.data.flag && chosenData !== undefined) {
      whyData = chosenData.why;
      fallback = chosenData.folder;
    }
    const [place, text = fallback] = given ?? [flag, fallback];
    const value = parse(text);
    if (!isSecret) texts.set(flag, text);
    if (value !== undefined) return value;
    if (isSecret) throw new ConfigError(`${place} must be ${wanted}`);
    const near = nearest(text, choices ?? []);
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    throw new ConfigError(`${place} cannot be ${JSON.stringify(text)}: give ${wanted}${hint}`);
  }
  const values = Object.entries(OPTIONS).map(([name, option]) => [name, read(option)]);
  // The cast is right because each value comes from the parser of its own option.
  const config = Object.freeze(Object.fromEntries(values)) as Config;
  refuseContradictions(config);
  return { config, texts, ...defined({ whyData }) };
}

/** Reads the configuration of a server that has no configuration file. Throws {@linkcode ConfigError}. */
export function readConfig(args: readonly string[], env: (name: string) => string | undefined): Config {
  return readSettings(parseCommandLine(args), { env }).config;
}

/** The path of the configuration file; empty for none. Throws {@linkcode ConfigError}. */
export function configFileOf(
  { texts }: Pick<CommandLine, "texts">,
  env: (name: string) => string | undefined,
): string {
  const { flag, parse, fallback } = OPTIONS.configFile;
  const path = parse(texts.get(flag) ?? env(variableOf(flag)) ?? fallback);
  if (path === undefined) throw new ConfigError(`--${flag} and ${variableOf(flag)} cannot be empty: give a file`);
  return path;
}

/**
 * The `PAWL_` variables among `names` that are no option, and are near none. They belong to something else: Kubernetes
 * sets such variables for a service of the name `pawl`.
 */
export function otherVariables(names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith("PAWL_") && !VARIABLES.includes(name));
}

const VARIABLES = ALL_OPTIONS.flatMap((option) => [variableOf(option.flag), secretFileOf(option) ?? []].flat());

/** Throws {@linkcode ConfigError} for a variable that is nearly that of an option. */
function refuseMistyped(names: readonly string[]): void {
  for (const name of otherVariables(names)) {
    const suffixes = VARIABLES.map((variable) => variable.slice(PREFIX.length));
    const near = nearest(name.slice(PREFIX.length), suffixes);
    if (near !== undefined) throw new ConfigError(`Unknown variable ${name}: did you mean ${PREFIX}${near}?`);
  }
}

const PREFIX = "PAWL_";

/** Throws {@linkcode ConfigError} for options that cannot be meant together. */
function refuseContradictions(config: Config): void {
  const { open, fixedToken, fixedTokenFile, trustedProxies, userHeader, webhooks, webhookSecret } = config;
  const { port, certFile, keyFile, httpRedirect, unixSocket } = config;
  const asks = config.preCreateUrl !== "" || config.preFinishUrl !== "";
  const { publicUrl, basePath } = config;
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
    [
      missesBase(config),
      `--public-url ${publicUrl} does not lead to --base-path ${basePath}: end it with that path, or give no path in it`,
    ],
    [(certFile === "") !== (keyFile === ""), "--cert and --key belong together: give both, or none"],
    [httpRedirect !== "none" && certFile === "", "--http-redirect leads to HTTPS: give --cert and --key too"],
    [
      httpRedirect !== "none" && httpRedirect !== 0 && httpRedirect === port,
      "--http-redirect and --port cannot be the same port: HTTPS has 443 by itself, and HTTP 80",
    ],
    [
      unixSocket !== "" && certFile !== "",
      "--unix-socket is for a proxy, which speaks HTTPS itself: leave out --cert and --key",
    ],
    [
      trustedProxies.includes(UNIX_PEERS) && unixSocket === "",
      "--trust-proxy unix needs --unix-socket, by which that proxy connects",
    ],
    [config.http2 === "off" && certFile === "", "--http2 off is about HTTPS: give --cert and --key too"],
    [
      config.interim === "on" && config.listener !== "node",
      "--interim on needs --listener node: the other listener cannot send interim responses",
    ],
    [
      (config.database === "") !== (config.bucket === ""),
      "PAWL_DATABASE and PAWL_BUCKET belong together: give both, or none",
    ],
    [
      config.database !== "" && !config.durable,
      "--durability relaxed is about this machine's disk: leave it out with PAWL_DATABASE",
    ],
    [trustedProxies.includes("*"), "--trust-proxy cannot be *: then every client could name its own address"],
  ];
  const found = wrong.find(([isWrong]) => isWrong);
  if (found !== undefined) throw new ConfigError(found[1]);
}
