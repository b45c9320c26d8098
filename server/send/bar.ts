import type { Sending, Sum } from "./report.ts";
import { bytesText, fitted, percentText, shown, timeText } from "./shown.ts";

/** The states that need a word. */
const WORDS: Readonly<Record<string, string>> = {
  queued: "queued",
  ready: "queued",
  asking: "asking",
  checking: "checking",
  waiting: "waiting",
};
const LONGEST_BAR = 30;
const NUMBERS = 36;

/** The line of one file: its name, a bar of what is safe and of what was sent, and numbers. */
export function fileLine(file: Sending, columns: number): string {
  const name = shown(file.path);
  const word = WORDS[file.state];
  return line(name, file, word === undefined ? numbersOf(file) : word.padEnd(NUMBERS), columns);
}

/** The line of all files together. */
export function totalLine(sum: Sum, columns: number): string {
  return line(`${sum.done} of ${sum.files} done`, sum, numbersOf(sum), columns);
}

type Amounts = Pick<Sending, "confirmed" | "sent" | "size" | "bytesPerSecond" | "remainingMs">;

function line(name: string, amounts: Amounts, numbers: string, columns: number): string {
  const width = Math.max(0, columns - 1);
  const rest = width - NUMBERS - 2;
  if (rest < 12) return fitted(`${name} ${numbers}`, width);
  const bar = amounts.size === undefined ? 0 : Math.min(LONGEST_BAR, Math.floor(rest / 3));
  const middle = bar === 0 ? " " : ` ${barOf(amounts, bar)} `;
  return fitted(name, width - middle.length - NUMBERS) + middle + fitted(numbers, NUMBERS);
}

function barOf({ confirmed, sent, size = 0 }: Amounts, columns: number): string {
  const upTo = (bytes: number) => size === 0 ? columns : Math.min(columns, Math.floor(columns * bytes / size));
  const [safe, departed] = [upTo(confirmed), upTo(sent)];
  return "█".repeat(safe) + "▒".repeat(departed - safe) + "░".repeat(columns - departed);
}

function numbersOf({ confirmed, size, bytesPerSecond, remainingMs }: Amounts): string {
  return [
    size === undefined ? "" : percentText(confirmed, size).padStart(5),
    bytesText(size ?? confirmed).padStart(9),
    bytesPerSecond > 0 ? `${bytesText(bytesPerSecond)}/s`.padStart(11) : "",
    remainingMs === undefined ? "" : timeText(remainingMs).padStart(8),
  ].join(" ");
}
