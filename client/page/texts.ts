import type { QueuedUpload, Total, UploadError } from "../mod.ts";
import type { Language } from "./language.ts";
import type { Words } from "./words.ts";

/** What the progress of one upload and the total of all have in common. */
type Numbers = Pick<Total, "sent" | "confirmed" | "total" | "bytesPerSecond" | "remainingMs">;

/**
 * A name as it can be shown: what turns the direction of the letters behind it (Unicode Standard Annex #9, 2) would make
 * one name look like another, `exe` like `jpg`.
 */
export function nameText(name: string): string {
  return name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** What the page says about an upload, in words. `retryAt` is when the next try comes, in the milliseconds of `now`. */
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
      return progress.sent === progress.total ? messages.finishing : messages.sending;
    case "checking":
      return messages.checking;
    case "waiting": {
      const code = progress.problem?.code ?? "connection";
      // The network ends this wait, not the clock.
      if (code === "connection" && !navigator.onLine) return messages.tryingNow(messages.offline);
      const problem = messages.problems[code];
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

/** Of one upload or of all: how much is safe, how fast it goes, and how long it takes yet. */
export function numbersText(
  { confirmed, total, bytesPerSecond, remainingMs }: Numbers,
  { messages, words }: Language,
): string {
  return joined([
    messages.safeOf(words.bytes(confirmed), words.bytes(total)),
    bytesPerSecond > 0 ? unbroken(words.speed(bytesPerSecond)) : "",
    remainingMs === undefined ? "" : unbroken(messages.timeRemaining(words.duration(remainingMs))),
  ]);
}

/** Texts beside one another; a line that ends between them ends with the dot. */
export function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\u00a0· ");
}

function unbroken(text: string): string {
  return text.replaceAll(" ", "\u00a0");
}

/**
 * The share of one upload, or of all, that has been sent, or that is safe. What is done has all, also where there is
 * nothing to be sent; and nothing else has.
 */
export function percentText(bytes: number, { total }: Pick<Numbers, "total">, isDone: boolean, words: Words): string {
  return isDone ? words.percent(1, 1) : words.percent(Math.min(bytes, 0.99 * total), total || 1);
}

/** Why an upload has ended, and what to do about it. */
export function errorText(
  { code, limit, status, line, message }: UploadError,
  { messages, words }: Pick<Language, "messages" | "words">,
): string {
  if (code === "too-large") return messages.tooLarge(limit === undefined ? undefined : words.bytes(limit));
  if (code === "no-progress" || code === "not-accepted" || code === "too-many") return messages.refused(message);
  if (code === "refused") return messages.refused([status, line].filter((part) => part).join(", "));
  if (code === "elsewhere") return messages.problems.elsewhere;
  return messages.errors[code];
}
