import type { Messages } from "../languages/messages.ts";
import type { Total } from "../upload_queue.ts";
import { runningOf } from "./total_view.ts";
import type { Words } from "./words.ts";

const QUARTER = 0.25;

/** What has been told of the uploads so far. */
export interface Told {
  isRunning: boolean;
  isOffline: boolean;
  quarter: number;
}

/** Nothing has been told. */
export const NOTHING_TOLD: Told = { isRunning: false, isOffline: false, quarter: 0 };

/**
 * What a screen reader is to hear when all uploads stand at `total`, after what it was `told`: the start, each quarter,
 * that the network is gone and back, that all is paused, and the end. `undefined` when there is nothing new.
 */
export function spoken(
  total: Total,
  told: Told,
  { messages, words }: { messages: Messages; words: Words },
): { told: Told; text: string | undefined } {
  const { paused, sending, asking, done, failed } = total.in;
  const isRunning = runningOf(total) > 0;
  // A question that is under way says nothing yet: each try begins with one.
  const isOffline = sending === 0 && (total.disconnected > 0 || told.isOffline && asking > 0);
  const reached = total.total === 0 ? 0 : Math.floor(total.sent / total.total / QUARTER);
  const quarter = isRunning ? reached : 0;
  const next = { isRunning, isOffline, quarter: told.isRunning ? Math.max(told.quarter, quarter) : quarter };

  function text(): string | undefined {
    if (!isRunning && told.isRunning) {
      if (paused > 0) return messages.spokenPaused;
      return total.files > 0 ? messages.spokenEnd(done, failed) : undefined;
    }
    if (isRunning && !told.isRunning) return messages.spokenStart(runningOf(total));
    if (isOffline !== told.isOffline) return isOffline ? messages.spokenOffline : messages.spokenOnline;
    if (quarter > told.quarter && quarter < 4) return messages.spokenPercent(words.percent(quarter * QUARTER, 1));
    return undefined;
  }

  return { told: { ...next, quarter: isRunning ? next.quarter : 0 }, text: text() };
}
