/** One option of the server. */
export interface Option<T> {
  /** The flag without `--`. */
  readonly flag: string;
  /** The word that stands for the value in `--help`. */
  readonly value: string;
  /** The default, as text. */
  readonly fallback: string;
  /** Says what the option does, in Markdown for docs/options.md; `--help` shows it without the backticks. */
  readonly help: string;
  /** Reads the option's text; `undefined` for a text that is no value. */
  readonly parse: (text: string) => T | undefined;
  /** Says what may be given, for the message about a wrong value. */
  readonly wanted: string;
  /** True when the flag may be repeated. The values are joined by commas. */
  readonly isList?: true;
  /** True when the flag stands without a value, for `true`. */
  readonly isSwitch?: true;
  /** True for a secret. It has no flag, because the command line of a program can be seen by others. */
  readonly isSecret?: true;
  /** True when a new value counts without a restart, for the requests that come after it. */
  readonly isLive?: true;
  /** The words that may be given, if these are all. */
  readonly choices?: readonly string[];
}

/** The environment variable of an option. */
export function variableOf(flag: string): string {
  return `PAWL_${flag.toUpperCase().replaceAll("-", "_")}`;
}
