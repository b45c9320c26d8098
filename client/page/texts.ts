import type { QueuedUpload, Total, UploadError } from "../mod.ts";
import type { Language } from "./language.ts";
import type { Words } from "./words.ts";

/** The numbers that the progress of one upload and the total of all have in common. */
type Numbers = Pick<Total, "sent" | "confirmed" | "total" | "bytesPerSecond" | "remainingMs">;

/**
 * Makes a name safe to be shown. Some characters turn the direction of the letters behind them (Unicode Standard Annex
 * #9, section 2), so that `exe` could look like `jpg`. They are replaced.
 */
export function nameText(name: string): string {
  return name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/**
 * Describes the state of an upload in words. `retryAt` is the moment of the next try, by the same clock as `now`, in
 * milliseconds.
 */
export function stateText(
  { progress }: QueuedUpload,
  { messages, words }: Language,
  { retryAt, now }: { retryAt: number | undefined; now: number },
): string {
  switch (progress.state) {
    case "queued":
    case "ready":
      return messages.queued;
    case "asking":
      return messages.asking;
    case "sending":
      if (progress.isStill) return messages.still;
      return progress.sent === progress.total ? messages.finishing : messages.sending;
    case "checking":
      return messages.checking;
    case "waiting": {
      const code = progress.problem?.code ?? "connection";
      // This wait ends when the network is back, and not at a time.
      if (code === "connection" && !navigator.onLine) return messages.tryingNow(messages.offline);
      const problem = messages.problems[code];
      if (code === "signed-out") return problem;
      const retryInMs = retryAt === undefined ? 0 : retryAt - now;
      return retryInMs >= 1000 ? messages.nextTry(problem, words.duration(retryInMs)) : messages.tryingNow(problem);
    }
    case "paused":
    case "stopped":
    case "cancelled":
      return messages.paused;
    case "failed":
      return progress.error === undefined ? messages.refused("") : errorText(progress.error, { messages, words });
    case "done":
      return messages.done;
  }
}

/** Describes the numbers of one upload or of all: how much is safe, the speed, and the remaining time. */
export function numbersText(
  numbers: Numbers,
  language: Language,
): string {
  return joined(numbersOf(numbers, language));
}

/** The numbers of {@linkcode numbersText}, each by itself; empty where there is none. */
export function numbersOf(
  { confirmed, total, bytesPerSecond, remainingMs }: Numbers,
  { messages, words }: Language,
): [amount: string, speed: string, left: string] {
  return [
    messages.safeOf(words.bytes(confirmed), words.bytes(total)),
    bytesPerSecond > 0 ? unbroken(words.speed(bytesPerSecond)) : "",
    remainingMs === undefined ? "" : unbroken(messages.timeRemaining(words.duration(remainingMs))),
  ];
}

/** Joins texts by dots. If the line breaks between two, the dot stays on the first line. */
export function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\u00a0· ");
}

function unbroken(text: string): string {
  // A word joiner: "КБ/с" breaks behind its slash otherwise.
  return text.replaceAll(" ", "\u00a0").replaceAll("/", "/\u2060");
}

/**
 * Writes the share of one upload, or of all, that was sent or is safe. It is 100% for everything that is done, also for
 * an empty file, and for nothing else.
 */
export function percentText(bytes: number, { total }: Pick<Numbers, "total">, isDone: boolean, words: Words): string {
  return isDone ? words.percent(1, 1) : words.percent(Math.min(bytes, 0.99 * total), total || 1);
}

/** Says why an upload has failed, and what to do about it. */
export function errorText(
  { code, limit, status, line, message }: UploadError,
  { messages, words }: Pick<Language, "messages" | "words">,
): string {
  if (code === "too-large") return messages.tooLarge(limit === undefined ? undefined : words.bytes(limit));
  if (code === "too-many" && limit !== undefined) return messages.linkFull;
  if (code === "no-progress" || code === "not-accepted" || code === "too-many") return messages.refused(message);
  if (code === "refused") return messages.refused([status, line].filter((part) => part).join(", "));
  if (code === "elsewhere") return messages.problems.elsewhere;
  return messages.errors[code];
}
