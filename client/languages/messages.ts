import type { ProblemCode, UploadErrorCode } from "../mod.ts";

/** The action of a button on one file. */
export type Action =
  | "send"
  | "edit"
  | "pause"
  | "resume"
  | "cancel"
  | "retry"
  | "dismiss"
  | "copy"
  | "download"
  | "delete"
  | "undo"
  | "continue"
  | "chooseAgain"
  | "discard";

/** All texts of the page, in one language. Numbers, sizes and times come written in that language. */
export interface Messages {
  direction: "ltr" | "rtl";

  /** The large text of a page that has no uploads yet. */
  welcome: string;
  tagline: string;
  /** Heads the page of an upload link, with the name of its owner. */
  linkFrom: (owner: string) => string;
  /** Heads the page of an upload link that has expired or was removed. */
  linkOver: string;
  /** How many files the link still takes: "You can still send 3 files". */
  linkFilesLeft(count: number): string;
  /** How many bytes the link still takes: "1.2 GB left". */
  linkRoomLeft(size: string): string;
  /** Shown when the link has all the files that it takes. */
  linkFull: string;
  /** Stands over the names of the files that came by the link from this browser. */
  linkSent: string;
  /** The label of the choice of languages. */
  language: string;
  /** Shown when another language was chosen and could not be loaded. */
  notLoaded: string;
  /** The rest of the page could not be loaded, and is tried again. */
  stillLoading: string;
  chooseFiles: string;
  chooseFolder: string;
  /** The button that opens the camera of a phone, and the name of a picture that has none of its own. */
  camera: string;
  dropHint: string;
  /** Shown over the page while files are dragged over it. */
  dropNow: string;
  /** The name of a pasted picture that has none of its own; the time stands behind it. */
  pasted: string;
  /** Says that a link, or a picture of another page, was dropped or pasted. */
  linkNotFile: string;
  textNotFile: string;
  /** Says that nothing came from the clipboard: it has nothing for a page, or the browser keeps its files back. */
  nothingPasted: string;

  /** The heading of the list. */
  uploads: string;
  /** The label of the bar of all uploads. */
  allUploads: string;
  /** The button that sends the files that were held back. */
  sendAll(count: number): string;
  pauseAll: string;
  resumeAll: string;
  cancelAll: string;
  /** The button that moves to the first failed upload. */
  showFailed: string;
  retryFailed: string;
  dismissDone: string;
  /** How many files are done: "2 of 5 files". */
  filesDone(done: number, all: number): string;
  /** Says at the end that all is well. */
  allSafe(count: number): string;
  /** The legend of the bar's strong colour. */
  safe: string;
  /** The legend of the bar's weak colour. */
  sent: string;
  /** How much is safe: "1.2 GB of 4 GB safe". */
  safeOf(safe: string, total: string): string;
  /** How much was sent: "42% sent". */
  percentSent(percent: string): string;
  /** The remaining time: "3 minutes left". */
  timeRemaining(duration: string): string;
  /** The value of a bar for a screen reader: "42% sent, 38% safe on the server". */
  barValue(sent: string, safe: string): string;

  /**
   * The text on a button, and its name for a screen reader. The name has that text, by which people press it by voice,
   * and the file.
   */
  actions: Record<Action, { label: string; of(name: string): string }>;

  // The states of one upload.
  /** The state of a file that is held back until somebody has looked at it. */
  held: string;
  queued: string;
  asking: string;
  sending: string;
  /** The state in which nothing has moved for 8 seconds. */
  still: string;
  /** The state in which all bytes have departed, and the server has not answered yet. */
  finishing: string;
  /** The state in which the file on this computer is read once more, before its last piece is sent. */
  checking: string;
  paused: string;
  done: string;
  /** The state of a finished file whose deletion can still be undone. */
  deleting: string;
  /** The name that a finished file has got, if it differs: "saved as report (2).pdf". */
  savedAs(name: string): string;
  /**
   * The problem for which an upload waits, as a sentence without its full stop. The texts below add when the next try
   * comes.
   */
  problems: Record<ProblemCode, string>;
  offline: string;
  nextTry(problem: string, duration: string): string;
  tryingNow(problem: string): string;
  /** The reason why an upload has failed, and what to do, in sentences. */
  errors: Record<
    Exclude<UploadErrorCode, "too-large" | "not-accepted" | "too-many" | "refused" | "elsewhere" | "no-progress">,
    string
  >;
  tooLarge(limit: string | undefined): string;
  refused(detail: string): string;

  /** The heading of the form, and its button. */
  signIn: string;
  /** Says where a token comes from. */
  signInHint: string;
  /** Shown in place of that when the server wants a sign-in in the middle of uploads. */
  signInAgainHint: string;
  /** The label of the field. */
  token: string;
  signOut: string;
  wrongToken: string;
  /** Shown when the server refuses every token for a while. */
  tooManyTokens: string;
  unreachable: string;
  /** Shown to somebody who may not upload. */
  readOnly: string;

  /** The heading of the list of files that were finished earlier. */
  earlier: string;
  showMore: string;
  nothingEarlier: string;

  /** The heading of the list of uploads that an earlier page has begun. */
  unfinished: string;
  unfinishedHint: string;
  continueAll(count: number): string;
  discardAll: string;
  /** How far an unfinished upload is: "63%: 1.2 GB of 2 GB are safe on the server". */
  unfinishedState(percent: string, safe: string, total: string): string;
  chooseAgainHint: string;
  /** Says that several files can be chosen at once, by the button `chooseFiles`. */
  chooseAllHint: string;
  notTheSame(name: string): string;
  unreadable(name: string): string;
  emptyFolder: string;
  emptyFolders(count: number): string;

  /** The switch that holds files back until somebody has looked at them. */
  review: string;
  // The fields of the window in which name, folder and note of a file are changed.
  nameLabel: string;
  folderLabel: string;
  noteLabel: string;
  editHint: string;
  /** Shown in place of that when the server has bytes of the file, whose place it cannot change any more. */
  startsOver(safe: string): string;
  wrongName: string;
  // The buttons of that window.
  save: string;
  startOver: string;
  leaveIt: string;
  notChanged(name: string): string;

  buffered: string;
  copied: string;
  copyByHand: string;
  close: string;
  confirmCancel(name: string, safe: string): string;
  confirmCancelAll(count: number): string;
  confirmDiscard(name: string, safe: string): string;
  // The buttons of the questions above.
  cancelIt: string;
  keepIt: string;
  deleted(name: string): string;
  notDeleted(name: string): string;

  // The texts for a screen reader.
  spokenStart(count: number): string;
  spokenOffline: string;
  spokenOnline: string;
  spokenPaused: string;
  spokenDeleting(name: string): string;
  spokenFailed(name: string, why: string): string;
  spokenFailures(count: number): string;
  spokenEnd(done: number, failed: number): string;
}
