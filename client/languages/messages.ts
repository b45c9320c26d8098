import type { ProblemCode, UploadErrorCode } from "../mod.ts";

/** What a button does to one file. */
export type Action =
  | "pause"
  | "resume"
  | "cancel"
  | "retry"
  | "dismiss"
  | "copy"
  | "download"
  | "delete"
  | "continue"
  | "chooseAgain"
  | "discard";

/** Everything that the page says, in one language. Numbers, sizes and times come written in that language. */
export interface Messages {
  direction: "ltr" | "rtl";

  tagline: string;
  /** The label of the choice of languages. */
  language: string;
  /** Another language was chosen, and could not be fetched. */
  notLoaded: string;
  chooseFiles: string;
  chooseFolder: string;
  dropHint: string;
  /** Shown over the page while files are dragged over it. */
  dropNow: string;

  /** The heading of the list. */
  uploads: string;
  /** The label of the bar of all uploads. */
  allUploads: string;
  pauseAll: string;
  resumeAll: string;
  cancelAll: string;
  /** Goes to the first one that has failed. */
  showFailed: string;
  retryFailed: string;
  dismissDone: string;
  /** "2 of 5 files". */
  filesDone(done: number, all: number): string;
  /** Where the bar's two colours are explained. */
  safe: string;
  sent: string;
  /** "1.2 GB of 4 GB safe". */
  safeOf(safe: string, total: string): string;
  /** "42% sent". */
  percentSent(percent: string): string;
  /** "3 minutes left". */
  timeRemaining(duration: string): string;
  /** What a bar says to a screen reader: "42% sent, 38% safe on the server". */
  barValue(sent: string, safe: string): string;

  /** The text on a button, and its name for a screen reader: that text, which people say to press it, and the file. */
  actions: Record<Action, { label: string; of(name: string): string }>;

  /** The states of one upload. */
  queued: string;
  asking: string;
  sending: string;
  /** All bytes have departed, and the server has not answered yet. */
  finishing: string;
  /** The file on this computer is read once more before its last piece goes. */
  checking: string;
  paused: string;
  done: string;
  /** What is in the way, as a sentence without its full stop, and when the next try comes. */
  problems: Record<ProblemCode, string>;
  offline: string;
  nextTry(problem: string, duration: string): string;
  tryingNow(problem: string): string;
  /** Why an upload has ended, and what to do, in sentences. `detail` is the server's own line, empty when there is none. */
  errors: Record<
    Exclude<UploadErrorCode, "too-large" | "not-accepted" | "too-many" | "refused" | "elsewhere" | "no-progress">,
    string
  >;
  tooLarge(limit: string | undefined): string;
  refused(detail: string): string;

  /** The list of what an earlier page has begun. */
  unfinished: string;
  unfinishedHint: string;
  continueAll(count: number): string;
  discardAll: string;
  /** "63%: 1.2 GB of 2 GB are safe on the server". */
  unfinishedState(percent: string, safe: string, total: string): string;
  chooseAgainHint: string;
  /** That several can be chosen at once, by the button `chooseFiles`. */
  chooseAllHint: string;
  notTheSame(name: string): string;
  unreadable(name: string): string;
  emptyFolder: string;

  buffered: string;
  copied: string;
  copyByHand: string;
  close: string;
  confirmDelete(name: string): string;
  confirmCancel(name: string, safe: string): string;
  confirmCancelAll(count: number): string;
  confirmDiscard(name: string, safe: string): string;
  /** The buttons of these questions. */
  deleteIt: string;
  cancelIt: string;
  keepIt: string;
  deleted(name: string): string;
  notDeleted(name: string): string;

  /** What a screen reader hears. */
  spokenStart(count: number): string;
  spokenOffline: string;
  spokenOnline: string;
  spokenPaused: string;
  spokenFailed(name: string, why: string): string;
  spokenFailures(count: number): string;
  spokenEnd(done: number, failed: number): string;
}
