import { totalLine } from "../send/bar.ts";
import { bytesText, percentText, shown, timeText } from "../send/shown.ts";
import type { Screen } from "../send/screen_report.ts";
import { amountsText } from "../upkeep/move_command.ts";
import type { MoveReport } from "../upkeep/move_places.ts";

/** How often a line is told, and the bar is drawn, in milliseconds. */
const LINE_MS = 10_000;
const DRAW_MS = 100;
/** The rate is that of the last five to ten seconds. */
const RATE_MS = 5_000;

export interface MoveReportDeps {
  readonly tell: (line: string) => void;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  /** The terminal, if a person sits at one. */
  readonly screen: Screen | undefined;
  readonly from: string;
  readonly to: string;
}

/** A report that is ended by the caller, so that what is told next stands in a line of its own. */
export interface EndedReport extends MoveReport {
  end(): void;
}

/** Makes the report of a move: a bar for a person at a terminal, a line every ten seconds otherwise. */
export function moveReport({ tell, now, screen, from, to }: MoveReportDeps): EndedReport {
  let [uploads, done, bytes, size] = [0, 0, 0, 0];
  let toldAt = now();
  let isDrawn = false;
  let [older, newer] = [{ at: now(), bytes: 0 }, { at: now(), bytes: 0 }];

  /** Each byte counts half when it is copied, and half when it was read back. */
  const confirmed = () => Math.min(size, Math.floor(bytes / 2));

  function sum() {
    if (now() - newer.at >= RATE_MS) [older, newer] = [newer, { at: now(), bytes: confirmed() }];
    const ms = now() - older.at;
    const bytesPerSecond = ms <= 0 ? 0 : 1000 * (confirmed() - older.bytes) / ms;
    const remainingMs = bytesPerSecond <= 0 ? undefined : 1000 * (size - confirmed()) / bytesPerSecond;
    return {
      files: uploads,
      done,
      failed: 0,
      confirmed: confirmed(),
      sent: confirmed(),
      size,
      bytesPerSecond,
      remainingMs,
    };
  }

  function erase(): void {
    if (isDrawn) screen?.write("\r\x1b[K");
    isDrawn = false;
  }

  function progress(): void {
    if (now() - toldAt < (screen === undefined ? LINE_MS : DRAW_MS)) return;
    toldAt = now();
    const all = sum();
    if (screen !== undefined) {
      screen.write(`\r${totalLine(all, screen.size().columns)}\x1b[K`);
      isDrawn = true;
      return;
    }
    const rate = all.bytesPerSecond > 0 ? `, ${bytesText(all.bytesPerSecond)}/s` : "";
    const left = all.remainingMs === undefined ? "" : `, ${timeText(all.remainingMs)} left`;
    const share = size === 0 ? "" : `, ${percentText(all.confirmed, size)} of ${bytesText(size)}`;
    tell(`${done} of ${uploads} uploads${share}${rate}${left}`);
  }

  return {
    begin(total) {
      uploads = total.finished + total.unfinished + total.over;
      size = total.bytes;
      tell(shown(`Moving ${amountsText(total, bytesText)} from ${from} to ${to}`));
    },
    bytes(count) {
      bytes += count;
      progress();
    },
    done() {
      done++;
      progress();
    },
    note(line) {
      erase();
      tell(shown(line));
    },
    end: erase,
  };
}
