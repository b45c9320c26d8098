import type { QueuedUpload, Total } from "../upload_queue.ts";
import type { UploadError } from "../uploader.ts";
import type { Language } from "./language.ts";
import type { Words } from "./words.ts";

/** What the progress of one upload and the total of all have in common. */
type Numbers = Pick<Total, "sent" | "confirmed" | "total" | "bytesPerSecond" | "secondsLeft">;

/** What the page says about an upload, in words. `retryAt` is when the next try comes, in the seconds of `now`. */
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
    case "waiting": {
      const code = progress.problem?.code ?? "connection";
      const problem = code === "connection" && !navigator.onLine ? messages.offline : messages.problems[code];
      const seconds = retryAt === undefined ? 0 : retryAt - now;
      return seconds >= 1 ? messages.nextTry(problem, words.duration(seconds)) : messages.tryingNow(problem);
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
  { confirmed, total, bytesPerSecond, secondsLeft }: Numbers,
  { messages, words }: Language,
): string {
  return [
    messages.safeOf(words.bytes(confirmed), words.bytes(total)),
    bytesPerSecond > 0 ? words.speed(bytesPerSecond).replace(" ", "\u00a0") : "",
    secondsLeft === undefined ? "" : messages.timeLeft(words.duration(secondsLeft)),
  ].filter((text) => text !== "").join(" · ");
}

/** Of one upload or of all: how much has been sent. What is done has all, also where there is nothing to be sent. */
export function percentText({ sent, total }: Pick<Numbers, "sent" | "total">, isDone: boolean, words: Words): string {
  return isDone ? words.percent(1, 1) : words.percent(sent, total || 1);
}

/** Why an upload has ended, and what to do about it. */
export function errorText(
  { code, limit, status, line, message }: UploadError,
  { messages, words }: Pick<Language, "messages" | "words">,
): string {
  if (code === "too-large") return messages.tooLarge(limit === undefined ? undefined : words.bytes(limit));
  if (code === "no-progress") return messages.refused(message);
  if (code === "refused") return messages.refused([status, line].filter((part) => part).join(", "));
  return messages.errors[code];
}
