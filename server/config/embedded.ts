import { type Config, readSettings } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { textsIn } from "./config_file.ts";
import { OPTIONS } from "./options.ts";

/** The options that the program around the server decides by itself. */
const NOT_OURS = new Set(
  [
    OPTIONS.host,
    OPTIONS.port,
    OPTIONS.certFile,
    OPTIONS.keyFile,
    OPTIONS.httpRedirect,
    OPTIONS.unixSocket,
    OPTIONS.adminPort,
    OPTIONS.listener,
    OPTIONS.http2,
    OPTIONS.interim,
    OPTIONS.configFile,
    OPTIONS.logLevel,
    OPTIONS.logFormat,
    OPTIONS.accessLog,
  ].map(({ flag }) => flag),
);

const PLACE = "the options of createPawl()";

/** Values of options by their flags, in the form of the configuration file. */
export type OptionValues = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * Reads the configuration of a server inside another program, from these values alone: no variable of the environment
 * counts. Throws {@linkcode ConfigError}.
 */
export function readEmbedded(values: OptionValues): Config {
  for (const flag of Object.keys(values)) {
    if (NOT_OURS.has(flag)) {
      throw new ConfigError(`"${flag}" cannot be in ${PLACE}: the program around Pawl listens and logs`);
    }
  }
  const texts = new Map(textsIn(values, PLACE));
  // Nobody knows who reaches the program around, so it never counts as one for this machine alone.
  texts.set(OPTIONS.host.flag, "0.0.0.0");
  return readSettings({ asks: undefined, texts: new Map() }, { env: () => undefined, file: { path: PLACE, texts } })
    .config;
}
