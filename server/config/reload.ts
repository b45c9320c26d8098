import { ConfigError, type Settings } from "./config.ts";
import type { Change, LiveConfig } from "./live_config.ts";
import type { Log } from "../log.ts";

/** The dependencies of {@linkcode createReload}. */
export interface ReloadDeps {
  readonly live: LiveConfig;
  /** Reads all options anew. Throws {@linkcode ConfigError}. */
  readonly read: () => Promise<Settings>;
  readonly log: Log;
  /** Called when options were taken over, before the log tells of them. */
  readonly onTaken: () => void;
}

/**
 * Makes the function that reads the options anew, and takes over those that can change. The log tells each difference in
 * a line. Wrong options change nothing. Calls run one after the other; none rejects.
 */
export function createReload({ live, read, log, onTaken }: ReloadDeps): () => Promise<void> {
  let last = Promise.resolve();

  async function reload(): Promise<void> {
    try {
      const changes = live.replace(await read());
      onTaken();
      if (changes.length === 0) log.info("Read the options again: nothing has changed");
      for (const change of changes) tell(change);
    } catch (error) {
      const why = error instanceof ConfigError ? error.message : String(error);
      log.error("Cannot take the options over, so all stay as they were: {why}", { why });
    }
  }

  function tell({ flag, before, after, isLive }: Change): void {
    if (isLive) return log.info("Option {flag} is {after} now, and was {before}", { flag, after, before });
    // Its text is not told: it may have a secret, as the URL of a webhook can.
    log.warning("Option {flag} has changed: that needs a restart", { flag });
  }

  return () => last = last.then(reload);
}
