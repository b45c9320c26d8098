import type { Messages } from "./messages.ts";
import { plurals } from "./plurals.ts";

const plural = plurals("en");
const { format: number } = new Intl.NumberFormat("en");
const files = (count: number) => plural(count, { one: "# file", other: "# files" });

export const messages: Messages = {
  name: "English",
  direction: "ltr",

  tagline: "Send files of any size. Whatever breaks on the way, they go on from the last byte that is safe.",
  language: "Language",
  chooseFiles: "Choose files",
  chooseFolder: "Choose a folder",
  dropHint: "or drop files and folders anywhere on this page, or paste them",
  dropNow: "Drop the files to upload them",

  uploads: "Uploads",
  allUploads: "All uploads",
  pauseAll: "Pause all",
  resumeAll: "Resume all",
  cancelAll: "Cancel all",
  retryFailed: "Try failed ones again",
  clearDone: "Clear finished ones",
  filesDone: (done, all) => `${number(done)} of ${files(all)}`,
  safe: "Safe on the server",
  sent: "Sent",
  safeOf: (safe, total) => `${safe} of ${total} safe`,
  timeLeft: (duration) => `${duration} left`,
  barValue: (sent, safe) => `${sent} sent, ${safe} safe on the server`,

  actions: {
    pause: { label: "Pause", of: (name) => `Pause ${name}` },
    resume: { label: "Resume", of: (name) => `Resume ${name}` },
    cancel: { label: "Cancel", of: (name) => `Cancel ${name}` },
    retry: { label: "Try again", of: (name) => `Try again: ${name}` },
    remove: { label: "Remove", of: (name) => `Remove ${name} from the list` },
    copy: { label: "Copy link", of: (name) => `Copy link to ${name}` },
    download: { label: "Download", of: (name) => `Download ${name}` },
    delete: { label: "Delete", of: (name) => `Delete ${name} from the server` },
    continue: { label: "Continue", of: (name) => `Continue ${name}` },
    chooseAgain: { label: "Choose again", of: (name) => `Choose again: ${name}` },
    giveUp: { label: "Give up", of: (name) => `Give up ${name}` },
  },

  queued: "Waiting for its turn",
  asking: "Asking the server",
  sending: "Uploading",
  finishing: "All sent, the server is finishing",
  paused: "Paused",
  done: "Done",
  problems: {
    "connection": "The connection to the server is lost",
    "stalled": "Nothing moves any more",
    "busy": "The server cannot take it now",
    "not-a-server": "Something else answers in the place of the server; a network may want you to log in",
    "not-kept": "The server did not keep what was sent",
    "damaged": "Something on the way damages what is sent",
    "elsewhere": "Another tab or window uploads this file",
  },
  offline: "You are offline",
  nextTry: (problem, duration) => `${problem}. Next try in ${duration}`,
  tryingNow: (problem) => `${problem}. It goes on by itself`,
  errors: {
    "file-changed": "The file was changed, moved or removed on your computer. Choose it again.",
    "disk-full":
      "The disk of the server is full. What has arrived is kept: ask whoever runs the server to make room, then try again.",
    "not-allowed": "The server does not let you upload. Ask whoever runs it for access, then try again.",
    "gone": "The upload has expired, or was removed on the server. Try again: it begins from the start.",
    "damaged": "What arrives is again and again not what was sent. Choose the file again, or use another network.",
  },
  tooLarge: (limit) =>
    limit === undefined
      ? "The server does not take a file this large. Choose a smaller one, or ask whoever runs the server."
      : `The file is too large: the limit is ${limit}. Choose a smaller one, or ask whoever runs the server.`,
  refused: (detail) =>
    `The server refused the upload${
      detail && ` (${detail})`
    }. Try again, and if it is refused again ask whoever runs the server.`,

  unfinished: "Unfinished uploads",
  unfinishedHint: "Begun earlier in this browser. What the server has is kept, and they go on from there.",
  continueAll: (count) => plural(count, { one: "Continue # upload", other: "Continue # uploads" }),
  unfinishedState: (percent, safe, total) => `${percent}: ${safe} of ${total} are safe on the server`,
  chooseAgainHint: "Choose the file again to go on",
  notTheSame: (name) =>
    `This is not the file whose upload was begun: choose “${name}” as it was, or upload it as a new one.`,
  unreadable: (name) => `“${name}” cannot be read. Look whether it is still there, and choose it again.`,
  emptyFolder: "There are no files in it.",

  buffered:
    "Something between here and the server holds pieces back until they are whole. Small pieces are sent, so that little is lost when the connection breaks.",
  copied: "The link is copied",
  copyByHand: "Copy this link",
  close: "Close",
  confirmDelete: (name) => `Delete “${name}” from the server? It cannot be brought back.`,
  confirmCancel: (name, safe) => `Cancel “${name}”? The ${safe} that are safe on the server are deleted.`,
  confirmCancelAll: (count) =>
    plural(count, {
      one: "Cancel # upload? What the server has of it is deleted.",
      other: "Cancel # uploads? What the server has of them is deleted.",
    }),
  confirmGiveUp: (name, safe) => `Give “${name}” up? The ${safe} that are safe on the server are deleted.`,
  deleteIt: "Delete",
  cancelIt: "Cancel the upload",
  keepIt: "Keep",
  deleted: (name) => `“${name}” is deleted from the server`,
  notDeleted: (name) => `“${name}” could not be deleted. Check the connection, then try again.`,

  spokenStart: (count) => plural(count, { one: "Uploading # file", other: "Uploading # files" }),
  spokenPercent: (percent) => `${percent} sent`,
  spokenOffline: "Offline. The uploads go on by themselves when the connection is back",
  spokenOnline: "Online again",
  spokenPaused: "Paused",
  spokenFailed: (name, why) => `${name}: ${why}`,
  spokenFailures: (count) => plural(count, { one: "# file has failed", other: "# files have failed" }),
  spokenEnd: (done, failed) =>
    failed === 0 ? `${files(done)} uploaded` : `${files(done)} uploaded, ${files(failed)} failed`,
};
