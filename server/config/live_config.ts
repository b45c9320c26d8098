import type { Settings } from "./config.ts";
import { type Config, type Option, OPTIONS } from "./options.ts";

/** A difference between the running configuration and one that was read later. */
export interface Change {
  readonly flag: string;
  /** The texts of the option; `undefined` for a secret. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** True when the new value counts now, false when it needs a restart. */
  readonly isLive: boolean;
}

const NAMED = Object.entries(OPTIONS) as readonly [keyof Config, Option<unknown>][];

/** The configuration of a running server, in which some options can change. */
export class LiveConfig {
  /**
   * Reads like any configuration. A part of the server that follows a change reads the option each time that it needs
   * it, and takes no copy.
   */
  readonly config: Config;
  #values: Config;
  readonly #texts: Map<string, string>;

  constructor({ config, texts }: Settings) {
    this.#values = config;
    this.#texts = new Map(texts);
    const properties = NAMED.map(([name]) => [name, { enumerable: true, get: () => this.#values[name] }]);
    // The cast is right because there is a property for each option.
    this.config = Object.defineProperties({}, Object.fromEntries(properties)) as Config;
  }

  /**
   * Takes over the options that can change. Gives all that differ. One that needs a restart keeps its value, so the
   * next call gives it again.
   */
  replace({ config, texts }: Settings): Change[] {
    const differing = NAMED.filter(([name]) => JSON.stringify(config[name]) !== JSON.stringify(this.#values[name]));
    const changes = differing.map(([, { flag, isLive = false }]): Change => {
      return { flag, before: this.#texts.get(flag), after: texts.get(flag), isLive };
    });
    const live = differing.filter(([, { isLive }]) => isLive);
    this.#values = Object.freeze({
      ...this.#values,
      ...Object.fromEntries(live.map(([name]) => [name, config[name]])),
    });
    for (const [, { flag }] of live) this.#texts.set(flag, texts.get(flag) ?? "");
    return changes;
  }
}
