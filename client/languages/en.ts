import type { Messages } from "./messages.ts";
import { plurals } from "./plurals.ts";

const plural = plurals("en");
const { format: number } = new Intl.NumberFormat("en");
const files = (count: number) => plural(count, { one: "# file", other: "# files" });

export const messages: Messages = {
  direction: "ltr",

  welcome: "Send files of any size",
  tagline: "Whatever breaks on the way, an upload goes on from the last byte that is safe on the server.",
  linkFrom: (owner) => `${owner} asks you for files`,
  linkOver: "This link does not work any more. Ask for a new one.",
  linkFilesLeft: (count) => `You can still send ${files(count)}`,
  linkRoomLeft: (size) => `${size} left`,
  linkFull: "This link takes no more files. Ask for another one.",
  linkSent: "You have sent:",
  language: "Language",
  notLoaded: "The language could not be loaded. Check the connection, then choose it again.",
  stillLoading:
    "The page has not loaded completely yet, because the server cannot be reached. It goes on by itself, and keeps the files that you choose.",
  chooseFiles: "Choose files",
  chooseFolder: "Choose a folder",
  camera: "Camera",
  dropHint: "or drop files and folders anywhere on this page, or paste them",
  dropNow: "Drop the files to upload them",
  pasted: "Pasted",
  linkNotFile: "That was a link, not a file. Save what it leads to on your computer, then choose or drop it here.",
  textNotFile: "That was text, not a file. Save it as a file first, then choose or drop it here.",
  nothingPasted: "Nothing that can be uploaded came from the clipboard. Choose the file here, or drop it.",

  uploads: "Uploads",
  allUploads: "All uploads",
  sendAll: (count) => `Send ${files(count)}`,
  pauseAll: "Pause all",
  resumeAll: "Resume all",
  cancelAll: "Cancel all",
  showFailed: "Show failed",
  retryFailed: "Retry failed",
  dismissDone: "Hide finished",
  filesDone: (done, all) => `${number(done)} of ${files(all)} done`,
  allSafe: (count) =>
    plural(count, { one: "# file is safe on the server", other: "All # files are safe on the server" }),
  safe: "Safe on the server",
  sent: "Sent",
  safeOf: (safe, total) => `${safe} of ${total} safe`,
  percentSent: (percent) => `${percent} sent`,
  timeRemaining: (duration) => `${duration} left`,
  barValue: (sent, safe) => `${sent} sent, ${safe} safe on the server`,

  actions: {
    send: { label: "Send", of: (name) => `Send ${name}` },
    edit: { label: "Edit", of: (name) => `Edit name, folder and note of ${name}` },
    pause: { label: "Pause", of: (name) => `Pause ${name}` },
    resume: { label: "Resume", of: (name) => `Resume ${name}` },
    cancel: { label: "Cancel", of: (name) => `Cancel ${name}` },
    retry: { label: "Try again", of: (name) => `Try again: ${name}` },
    dismiss: { label: "Hide", of: (name) => `Hide ${name}` },
    copy: { label: "Copy link", of: (name) => `Copy link to ${name}` },
    download: { label: "Download", of: (name) => `Download ${name}` },
    delete: { label: "Delete", of: (name) => `Delete ${name} from the server` },
    undo: { label: "Undo", of: (name) => `Undo: keep ${name}` },
    continue: { label: "Continue", of: (name) => `Continue ${name}` },
    chooseAgain: { label: "Choose again", of: (name) => `Choose again: ${name}` },
    discard: { label: "Discard", of: (name) => `Discard the upload of ${name}` },
  },

  held: "Not sent yet",
  queued: "Waiting for its turn",
  asking: "Asking the server",
  sending: "Uploading",
  still: "Nothing is moving at the moment",
  finishing: "All sent, the server is finishing",
  checking: "Checking that the file has not changed",
  paused: "Paused",
  done: "Done",
  deleting: "Will be deleted",
  savedAs: (name) => `saved as ${name}`,
  problems: {
    "connection": "The connection to the server is lost",
    "stalled": "The upload has stalled",
    "busy": "The server is busy",
    "not-a-server": "Something other than the server is answering; you may have to log in to this network",
    "not-kept": "The server did not keep what was sent",
    "damaged": "The data is being damaged on the way",
    "elsewhere": "Another tab or window uploads this file",
    "too-many-unfinished": "You have as many unfinished uploads on the server as it allows",
    "signed-out": "Waiting until you have signed in",
  },
  offline: "You are offline",
  nextTry: (problem, duration) => `${problem}. Next try in ${duration}`,
  tryingNow: (problem) => `${problem}. The upload goes on by itself`,
  errors: {
    "file-changed": "The file was changed, moved or removed on your computer. Choose it again.",
    "disk-full":
      "The disk of the server is full. What has arrived is kept: ask whoever runs the server to make room, then try again.",
    "over-quota":
      "There is not enough room left for you on the server. Delete files there, or ask whoever runs it for more, then try again.",
    "signed-out": "The server wants you to sign in. Reload the page, sign in, then try again.",
    "not-allowed": "You are not allowed to upload here. Ask whoever runs it for access, then try again.",
    "gone": "The upload has expired, or was removed on the server. Try again: it begins from the start.",
    "damaged": "The data arrives damaged, again and again. Choose the file again, or use another network.",
  },
  tooLarge: (limit) =>
    limit === undefined
      ? "The server does not take a file this large. Choose a smaller one, or ask whoever runs the server."
      : `The file is too large: the limit is ${limit}. Choose a smaller one, or ask whoever runs the server.`,
  refused: (detail) =>
    `The server refused the upload${
      detail && ` (${detail})`
    }. Try again, and if it is refused again ask whoever runs the server.`,

  signIn: "Sign in",
  signInHint: "This server wants a token. Whoever runs it can give you one.",
  signInAgainHint: "You have been signed out. Sign in again, and the uploads go on by themselves.",
  token: "Token",
  signOut: "Sign out",
  wrongToken: "This token is not known here, or has expired. Look at it again, or ask for a new one.",
  tooManyTokens: "Too many wrong tokens came from your address. Wait a minute, then try again.",
  unreachable: "The server cannot be reached. Check the connection, then try again.",
  readOnly: "With your sign-in you can get files from here, and send none.",

  earlier: "Finished earlier",
  showMore: "Show more",
  nothingEarlier: "There is nothing here yet.",

  unfinished: "Unfinished uploads",
  unfinishedHint: "Begun earlier in this browser. What the server has is kept, and each goes on from there.",
  continueAll: (count) => plural(count, { one: "Continue # upload", other: "Continue # uploads" }),
  discardAll: "Discard all",
  unfinishedState: (percent, safe, total) => `${percent}: ${safe} of ${total} are safe on the server`,
  chooseAgainHint: "Choose the file again to go on",
  chooseAllHint: "“Choose files” takes all of them at once.",
  notTheSame: (name) =>
    `This is not the file whose upload was begun: choose “${name}” as it was, or upload it as a new one.`,
  unreadable: (name) => `“${name}” cannot be read. Look whether it is still there, and choose it again.`,
  emptyFolder: "No files were found in what you added.",
  emptyFolders: (count) =>
    plural(count, { one: "# empty folder was left out", other: "# empty folders were left out" }),

  review: "Look before sending",
  nameLabel: "Name",
  folderLabel: "Folder",
  noteLabel: "Note",
  editHint: "The file on your computer keeps its name. Folders are separated by /.",
  startsOver: (safe) =>
    `The server has ${safe} of this file under its old name. With changes it is sent again from the beginning.`,
  wrongName: "This name cannot be used",
  save: "Save",
  startOver: "Start over",
  leaveIt: "Leave it",
  notChanged: (name) =>
    `“${name}” was not changed: its upload ended before. Choose the file again to send it in another way.`,

  buffered:
    "A proxy on the way to the server holds the data back. It is sent in small pieces, so that little is lost if the connection breaks.",
  copied: "Link copied",
  copyByHand: "Copy this link",
  close: "Close",
  confirmCancel: (name, safe) => `Cancel “${name}”? What is safe on the server (${safe}) will be deleted.`,
  confirmCancelAll: (count) =>
    plural(count, {
      one: "Cancel # upload? What the server has of it will be deleted.",
      other: "Cancel # uploads? What the server has of them will be deleted.",
    }),
  confirmDiscard: (name, safe) =>
    `Discard the upload of “${name}”? What is safe on the server (${safe}) will be deleted.`,
  cancelIt: "Cancel the upload",
  keepIt: "Keep",
  deleted: (name) => `“${name}” was deleted from the server`,
  notDeleted: (name) => `“${name}” could not be deleted. Check the connection, then try again.`,

  spokenStart: (count) => plural(count, { one: "Uploading # file", other: "Uploading # files" }),
  spokenOffline: "Offline. The uploads go on by themselves when the connection is back",
  spokenOnline: "Online again",
  spokenPaused: "Paused",
  spokenDeleting: (name) => `“${name}” will be deleted. Undo keeps it.`,
  spokenFailed: (name, why) => `${name}: ${why}`,
  spokenFailures: (count) => plural(count, { one: "# file has failed", other: "# files have failed" }),
  spokenEnd: (done, failed) =>
    failed === 0 ? `${files(done)} uploaded` : `${files(done)} uploaded, ${files(failed)} failed`,
};
