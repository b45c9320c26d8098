import { fileLine, totalLine } from "./bar.ts";
import { beginLine, doneLine, endLine, problemLines } from "./line_report.ts";
import type { Output, Report, Sending, Sum } from "./report.ts";
import { shown } from "./shown.ts";

/** How often the screen is drawn, in milliseconds. */
const EVERY_MS = 100;
/** How many files have a line of their own at a time. */
const MOST_LINES = 6;

/** A terminal that can move its cursor. */
export interface Screen extends Output {
  /** Writes to it, without a line break. */
  readonly write: (text: string) => void;
  /** How many columns and rows it has now. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

/** Makes the report for a person at a terminal: a bar for each file that is under way, and one for all. */
export function screenReport(screen: Screen): Report {
  const { print, tell, now, write, size } = screen;
  const active = new Map<string, Sending>();
  const problems = problemLines(now);
  let last: Sum | undefined;
  let drawnAt = -Infinity;
  let lines = 0;

  function erase(): void {
    if (lines > 0) write(`\x1b[${lines}A\r\x1b[J`);
    lines = 0;
  }

  function draw(): void {
    const { columns, rows } = size();
    const most = Math.max(1, Math.min(MOST_LINES, rows - 2));
    const drawn = [...active.values()].slice(0, most).map((file) => fileLine(file, columns));
    if (last !== undefined && last.files > 1) drawn.push(totalLine(last, columns));
    // One write, so that nothing flickers.
    const up = lines > 0 ? `\x1b[${lines}A\r` : "";
    write(`${up}${drawn.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`);
    lines = drawn.length;
    drawnAt = now();
  }

  function above(show: () => void): void {
    erase();
    show();
  }

  return {
    begin: ({ files, size }) => tell(beginLine(files, size)),
    progress(file, sum) {
      last = sum;
      if (file.state === "queued") active.delete(file.key);
      else active.set(file.key, file);
      const line = problems(file);
      if (line !== undefined) above(() => tell(line));
      if (line !== undefined || now() - drawnAt >= EVERY_MS) draw();
    },
    done(file, url, sum) {
      last = sum;
      active.delete(file.key);
      above(() => print(doneLine(file, url)));
      if (now() - drawnAt >= EVERY_MS) draw();
    },
    failed({ key, path, message }, sum = last) {
      last = sum;
      active.delete(key ?? "");
      above(() => tell(`${shown(path)}: ${shown(message)}`));
    },
    note: (line) => above(() => tell(shown(line))),
    end(sum, code) {
      erase();
      tell(endLine(sum, code));
    },
  };
}
