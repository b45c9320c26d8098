import type { Progress } from "./uploader.ts";
import type { Words } from "./words.ts";

/**
 * What the page says about an upload, in words. It is spoken by screen readers, so it changes with the state and not
 * with each byte; `undefined` means that what was said last still holds.
 */
export function statusText(progress: Progress, startedAt: number, words: Words): string | undefined {
  const { state, confirmed, total, problem } = progress;
  const safe = words.bytes(confirmed);
  const all = words.bytes(total);
  switch (state) {
    case "ready":
      return confirmed === 0 ? "Ready to upload" : `${safe} of ${all} are safe on the server already`;
    case "asking":
      return undefined;
    case "sending":
      return startedAt === 0 ? "Uploading" : `Uploading, going on from ${words.bytes(startedAt)}`;
    case "waiting":
      return `${problem}. Trying again until it works; ${safe} are safe on the server`;
    case "stopped":
      return `Stopped; ${safe} of ${all} are safe on the server`;
    case "failed":
      return `Not finished; ${safe} of ${all} are safe on the server`;
    case "done":
      return `Done: the server has all ${all}`;
  }
}
