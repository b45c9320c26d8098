import { ConfigError } from "./config_error.ts";

/**
 * Throws {@linkcode ConfigError} for a switch with another value than `true` or `false`, which the parser of arguments
 * would take for `true`: `--open=no` must not let anybody in.
 */
export function refuseOddSwitches(args: readonly string[], switches: readonly string[]): void {
  for (const arg of args) {
    if (arg === "--") return;
    const [, flag = "", value = ""] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (!switches.includes(flag) || value === "true" || value === "false") continue;
    throw new ConfigError(`--${flag} cannot be ${JSON.stringify(value)}: give --${flag} alone, or leave it out`);
  }
}
