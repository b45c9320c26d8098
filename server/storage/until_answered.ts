import { delay } from "@std/async/delay";
import { ConfigError } from "../config/config_error.ts";
import { defined } from "../defined.ts";
import type { Log } from "../log.ts";

/** The servers without which Pawl cannot start. */
export type Awaited = "database" | "bucket";

/** How long the wait for the next try is, and how often the log tells that the server waits. Milliseconds. */
const ASK_EVERY_MS = 1000;
const TOLD_EVERY_MS = 30_000;

export interface UntilAnsweredOptions {
  readonly awaited: Awaited;
  /** Says in a few words why a server is away; `undefined` for an error that no wait mends. */
  readonly whyAway: (error: unknown) => string | undefined;
  readonly log: Log;
  /** Aborts when the start is given up. */
  readonly giveUp: AbortSignal | undefined;
  /** Called when the start has to wait, each time that is noticed. */
  readonly waits?: ((awaited: Awaited) => void) | undefined;
  /** After how long a try that has not ended counts as no answer. By default it never does. Milliseconds. */
  readonly toldAfterMs?: number;
}

/**
 * Does the first work with a server, again and again until that gives an answer. Throws what no wait mends, and a {@linkcode
 * ConfigError} as soon as the start is given up.
 */
export async function untilAnswered<T>(
  work: () => Promise<T>,
  { awaited, whyAway, log, giveUp, waits = () => {}, toldAfterMs }: UntilAnsweredOptions,
): Promise<T> {
  let toldAt = -Infinity;
  const tell = (why: string) => {
    waits(awaited);
    if (performance.now() - toldAt < TOLD_EVERY_MS) return;
    toldAt = performance.now();
    log.warning(`The ${awaited} gives no answer, and the server waits for it: {why}`, { why });
  };
  const givenUp = Promise.withResolvers<never>();
  givenUp.promise.catch(() => {});
  const onGiveUp = () => givenUp.reject(new ConfigError(`The server was ended before its ${awaited} gave an answer`));
  if (giveUp?.aborted) onGiveUp();
  giveUp?.addEventListener("abort", onGiveUp);
  try {
    for (;;) {
      const slow = toldAfterMs === undefined ? undefined : setTimeout(() => tell("it says nothing"), toldAfterMs);
      try {
        return await Promise.race([work(), givenUp.promise]);
      } catch (error) {
        const why = whyAway(error);
        if (why === undefined) throw error;
        tell(why);
      } finally {
        clearTimeout(slow);
      }
      await delay(ASK_EVERY_MS, defined({ signal: giveUp })).catch(() => givenUp.promise);
    }
  } finally {
    giveUp?.removeEventListener("abort", onGiveUp);
  }
}
