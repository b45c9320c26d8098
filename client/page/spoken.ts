import type { Messages } from "../languages/messages.ts";
import type { Total } from "../mod.ts";
import type { Announcer } from "./announcer.ts";
import { endText, isCutOff, runningOf } from "./total_state.ts";
import type { Words } from "./words.ts";

const QUARTER = 0.25;

/** The facts that were spoken so far. */
export interface Told {
  isRunning: boolean;
  isCutOff: boolean;
  quarter: number;
  files: number;
  /** How many uploads had succeeded before the present ones began. */
  done: number;
  /** How many uploads had failed then. */
  failed: number;
}

/** The state before anything was spoken. */
export const NOTHING_TOLD: Told = { isRunning: false, isCutOff: false, quarter: 0, files: 0, done: 0, failed: 0 };

/**
 * Makes the text that a screen reader speaks next. `total` has the present numbers, and `told` what was spoken already.
 * A text comes when uploads start or are added, at each quarter of the bytes, when the network is lost or back, and
 * when all uploads are paused or have ended. The text is `undefined` when there is nothing new.
 */
export function spoken(
  total: Total,
  told: Told,
  { messages, words }: { messages: Messages; words: Words },
): { told: Told; text: string | undefined } {
  const { files, in: { paused, done, failed } } = total;
  const isRunning = runningOf(total) > 0;
  const reached = total.total === 0 ? 0 : Math.floor(total.sent / total.total / QUARTER);
  // Files that are added later make the share smaller. A quarter is not spoken twice.
  const quarter = isRunning ? Math.max(told.isRunning ? told.quarter : 0, reached) : 0;
  const next = { isRunning, isCutOff: isCutOff(total, told.isCutOff), quarter, files };
  // A file that was taken out of the list meanwhile does not count.
  const before = { done: Math.min(told.done, done), failed: Math.min(told.failed, failed) };
  const ended = [done - before.done, failed - before.failed] as const;
  // Small files may have begun and ended since the last look.
  const isOver = !isRunning && (told.isRunning || ended[0] + ended[1] > 0);

  function text(): string | undefined {
    if (isOver) {
      if (paused > 0) return messages.spokenPaused;
      return ended[0] + ended[1] > 0 ? endText(...ended, messages) : undefined;
    }
    if (isRunning && (!told.isRunning || files > told.files)) return messages.spokenStart(runningOf(total));
    if (next.isCutOff !== told.isCutOff) return next.isCutOff ? messages.spokenOffline : messages.spokenOnline;
    if (quarter > told.quarter && quarter < 4) return messages.percentSent(words.percent(quarter * QUARTER, 1));
    return undefined;
  }

  return { told: { ...next, ...isRunning ? before : { done, failed } }, text: text() };
}

/** Has a screen reader speak how far all uploads are. */
export class Narrator {
  readonly #announcer: Announcer;
  readonly #language: { messages: Messages; words: Words };
  #told = NOTHING_TOLD;

  constructor(announcer: Announcer, language: { messages: Messages; words: Words }) {
    this.#announcer = announcer;
    this.#language = language;
  }

  /** Speaks what is new in these numbers, if anything is. */
  tell(total: Total): void {
    const { told, text } = spoken(total, this.#told, this.#language);
    this.#told = told;
    if (text !== undefined) this.#announcer.say(() => text);
  }
}
