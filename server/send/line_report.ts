import type { Output, Report, Sending, Sum } from "./report.ts";
import { bytesText, percentText, shown, timeText } from "./shown.ts";

/** How often the progress of all files is told, in milliseconds. */
const EVERY_MS = 10_000;
/** How often one problem is told again while it lasts. */
const PROBLEM_MS = 60_000;

/** Makes the report in plain lines: results on standard output, all else on standard error. */
export function lineReport({ print, tell, now }: Output): Report {
  let toldAt = now();
  const problems = problemLines(now);
  return {
    begin: ({ files, size }) => tell(beginLine(files, size)),
    progress(file, sum) {
      const line = problems(file);
      if (line !== undefined) tell(line);
      if (now() - toldAt < EVERY_MS || file.state !== "sending") return;
      toldAt = now();
      tell(sumLine(sum));
    },
    done: (file, url) => print(doneLine(file, url)),
    failed: ({ path, message }) => tell(`${shown(path)}: ${shown(message)}`),
    note: (line) => tell(shown(line)),
    end: (sum, code) => tell(endLine(sum, code)),
  };
}

/** Makes the function that gives the line of a problem, unless the same was told a short while ago. */
export function problemLines(now: () => number): (file: Sending) => string | undefined {
  const told = new Map<string, number>();
  return ({ path, state, problem, retryInMs }) => {
    if (state !== "waiting" || problem === undefined) return undefined;
    const before = told.get(problem.code);
    if (before !== undefined && now() - before < PROBLEM_MS) return undefined;
    told.set(problem.code, now());
    const next = retryInMs === undefined ? "" : `. The next try is in ${Math.ceil(retryInMs / 1000)} s`;
    const message = problem.code === "elsewhere" ? "Another program sends this file. Waiting for it" : problem.message;
    return `${shown(path)}: ${shown(message)}${next}`;
  };
}

/** The line before the first file. */
export function beginLine(files: number, size: number | undefined): string {
  return `Sending ${countText(files)}${size === undefined ? "" : `, ${bytesText(size)}`}`;
}

/** The line of a file that has arrived. */
export function doneLine({ path }: Pick<Sending, "path">, url: string | undefined): string {
  return url === undefined ? shown(path) : `${shown(path)}  ${shown(url)}`;
}

/** The line about all files together. */
export function sumLine({ files, done, confirmed, size, bytesPerSecond, remainingMs }: Sum): string {
  const parts = [
    files > 1 ? `${done} of ${countText(files)}` : "",
    size === undefined ? bytesText(confirmed) : `${percentText(confirmed, size)} of ${bytesText(size)}`,
    bytesPerSecond > 0 ? `${bytesText(bytesPerSecond)}/s` : "",
    remainingMs === undefined ? "" : `${timeText(remainingMs)} left`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** The last line. */
export function endLine({ files, done, failed, goesOn }: Parameters<Report["end"]>[0], code: number): string {
  if (code === 0) return files === 1 ? "It is on the server" : `All ${countText(files)} are on the server`;
  const isOne = files === 1 || done === 1;
  const state = `${done} of ${countText(files)} ${isOne ? "is" : "are"} on the server`;
  const next = goesOn ? ". The same command goes on from there" : "";
  if (code > 128) return `Stopped: ${state}${next}`;
  return `${state}, ${failed} ${failed === 1 ? "is" : "are"} not${next}`;
}

function countText(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}
