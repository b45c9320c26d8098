/** Thrown for a wrong option, wherever it was given. Its message is one line for the person who gave it. */
export class ConfigError extends Error {
  /** The name of the class. */
  override name = "ConfigError";
}
