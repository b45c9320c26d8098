import type { Messages } from "../languages/messages.ts";
import type { QueuedUpload, Total } from "../mod.ts";
import { joined } from "./texts.ts";

/** Counts the uploads that run, or wait for their turn or for the network. */
export function runningOf(total: Total): number {
  const { queued, ready, asking, sending, checking, waiting } = total.in;
  return queued + ready + asking + sending + checking + waiting;
}

/** Adds up the sizes of failed uploads, which the total leaves out. */
export function failedBytesOf(uploads: readonly QueuedUpload[]): number {
  return uploads.reduce((sum, { state, progress }) => sum + (state === "failed" ? progress.total : 0), 0);
}

/** True when no upload reaches the server. `before` is the last result. */
export function isCutOff(total: Total, before: boolean): boolean {
  const { sending, checking, asking } = total.in;
  // A question that is under way proves nothing yet, because each try begins with one.
  return sending + checking === 0 && (total.disconnected > 0 || before && asking > 0);
}

/** True when no upload goes on before somebody has signed in. */
function isSignedOut({ signedOut, in: { sending, checking } }: Total): boolean {
  return signedOut > 0 && sending + checking === 0;
}

/** Gives the state of all uploads together, and the words for it. */
export function totalState(
  total: Total,
  { isCutOff, isOnline }: { isCutOff: boolean; isOnline: boolean },
  messages: Messages,
): { state: "sending" | "waiting" | "paused" | "failed" | "done"; text: string } {
  const { paused, done, failed } = total.in;
  if (isCutOff) {
    return {
      state: "waiting",
      text: isOnline ? messages.tryingNow(messages.problems.connection) : messages.spokenOffline,
    };
  }
  if (isSignedOut(total)) return { state: "waiting", text: messages.problems["signed-out"] };
  if (runningOf(total) > 0) {
    return failed > 0 ? { state: "failed", text: messages.spokenFailures(failed) } : { state: "sending", text: "" };
  }
  if (paused > 0) {
    return { state: "paused", text: joined([messages.paused, failed > 0 ? messages.spokenFailures(failed) : ""]) };
  }
  return failed > 0
    ? { state: "failed", text: endText(done, failed, messages) }
    : { state: "done", text: messages.allSafe(done) };
}

/** Says how uploads have ended, when `done` succeeded and `failed` did not. */
export function endText(done: number, failed: number, messages: Messages): string {
  return done === 0 && failed > 0 ? messages.spokenFailures(failed) : messages.spokenEnd(done, failed);
}
