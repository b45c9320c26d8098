import { systemClock } from "../clock.ts";
import type { Action } from "../languages/messages.ts";
import { Memory } from "../memory.ts";
import { UnfinishedUploads } from "../unfinished_uploads.ts";
import { type QueuedUpload, UploadQueue } from "../upload_queue.ts";
import { UploadError } from "../uploader.ts";
import { Announcer } from "./announcer.ts";
import { Awake } from "./awake.ts";
import { copyText } from "./copy_text.ts";
import type { Picked } from "./dropped.ts";
import { find, write } from "./elements.ts";
import { Intake } from "./intake.ts";
import { Language } from "./language.ts";
import { ListView } from "./list_view.ts";
import { Questions } from "./questions.ts";
import { NOTHING_TOLD, spoken } from "./spoken.ts";
import { errorText } from "./texts.ts";
import { type ActionForAll, runningOf, TotalView } from "./total_view.ts";
import { UnfinishedView } from "./unfinished_view.ts";

/** Between two looks at where everything stands. */
const REDRAW_MS = 200;

const memory = new Memory();
const queue = new UploadQueue({ memory });
const language = await Language.load(memory, redraw);
const questions = new Questions();
const awake = new Awake();
const notice = find("notice", HTMLElement);
const alert = find("alert", HTMLElement);
// New text nodes, because a text that is there already would not be spoken again.
const status = new Announcer((text) => find("status", HTMLElement).replaceChildren(text), systemClock);
const failures = new Announcer((text) => find("failures", HTMLElement).replaceChildren(text), systemClock);
const list = new ListView(find("list", HTMLUListElement), {
  language,
  onAction: async (action, upload) => {
    const index = queue.uploads.indexOf(upload);
    await act(action, upload);
    showNow();
    if (isFocusLost()) focusRow(index);
  },
});
const totals = new TotalView({
  language,
  onAction: async (action) => {
    await actOnAll(action);
    showNow();
    if (isFocusLost()) totals.focus();
  },
});
const unfinished = new UnfinishedView({
  uploads: new UnfinishedUploads({ memory }),
  language,
  questions,
  take,
  complain,
});
let told = NOTHING_TOLD;
let isDue = false;
let unspoken: QueuedUpload[] = [];

new Intake({
  take,
  onNone: () => complain(language.messages.emptyFolder),
  onUnreadable: (names) => complain(names.slice(0, 20).map(language.messages.unreadable).join("\n")),
});
queue.on("list", () => show());
queue.on("progress", (upload) => {
  list.update(upload);
  show();
});
queue.on("state", (upload) => {
  if (upload.state === "failed") tellFailure(upload);
});
redraw();
document.documentElement.dataset["ready"] = "";
await unfinished.load();

function take(picked: Picked[]): void {
  complain("");
  for (const { file, ...about } of picked) {
    queue.add(file, about);
    unfinished.leaveOut({ file, ...about });
  }
}

/** Shows where everything stands, a few times a second at most; also in a tab that is not seen, for its title is. */
function show(): void {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    showNow();
  }, REDRAW_MS);
}

function showNow(): void {
  const { total } = queue;
  list.show(queue.uploads);
  totals.show(total, queue.isBuffered);
  awake.isNeeded = runningOf(total) > 0;
  const next = spoken(total, told, language);
  told = next.told;
  const { text } = next;
  if (text !== undefined) status.say(() => text);
}

function redraw(): void {
  list.redraw();
  unfinished.redraw();
  totals.show(queue.total, queue.isBuffered);
}

async function act(action: Action, upload: QueuedUpload): Promise<void> {
  const { messages, words } = language;
  const { path, progress: { confirmed } } = upload;
  switch (action) {
    case "pause":
      return upload.pause();
    case "resume":
    case "retry":
      return upload.resume();
    case "remove":
      return upload.remove();
    case "cancel": {
      const text = messages.confirmCancel(path, words.bytes(confirmed));
      if (confirmed === 0 || await questions.confirm(text, { yes: messages.cancelIt, no: messages.keepIt })) {
        upload.cancel();
      }
      return;
    }
    case "copy":
      return await copy(new URL(upload.location ?? "", document.baseURI).href);
    case "delete":
      if (await questions.confirm(messages.confirmDelete(path), { yes: messages.deleteIt, no: messages.keepIt })) {
        await deleteFile(upload);
      }
  }
}

async function actOnAll(action: ActionForAll): Promise<void> {
  const { messages } = language;
  const { in: count } = queue.total;
  switch (action) {
    case "pauseAll":
      return queue.pauseAll();
    case "resumeAll":
      return queue.resumeAll();
    case "retryFailed":
      return queue.retryFailed();
    case "clearDone":
      return queue.removeDone();
    case "cancelAll": {
      const text = messages.confirmCancelAll(runningOf(queue.total) + count.paused + count.failed);
      if (await questions.confirm(text, { yes: messages.cancelIt, no: messages.keepIt })) queue.cancelAll();
    }
  }
}

/** Moves the focus to the row with that index, or to the one that has taken its place. */
function focusRow(index: number): void {
  if (!list.focus(index)) find("choose-files", HTMLButtonElement).focus();
}

/** What was pressed may be gone now, or may have gone while a question was open. */
function isFocusLost(): boolean {
  const focused = document.activeElement;
  return focused === null || focused === document.body || focused.getClientRects().length === 0;
}

async function deleteFile(upload: QueuedUpload): Promise<void> {
  const { messages } = language;
  try {
    await upload.delete();
    upload.remove();
    complain("");
    notify(messages.deleted(upload.path));
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    complain(messages.notDeleted(upload.path));
  }
}

async function copy(link: string): Promise<void> {
  const { messages } = language;
  if (await copyText(link)) notify(messages.copied);
  else await questions.show(messages.copyByHand, link, messages.close);
}

/** Shows and speaks that something was done. */
function notify(text: string): void {
  write(notice, text);
  setTimeout(() => notice.textContent === text && write(notice, ""), 5000);
}

/** Shows and speaks what is wrong, until something goes well. */
function complain(text: string): void {
  write(alert, text);
}

/** Speaks each failure once; of many at a time the number alone. */
function tellFailure(upload: QueuedUpload): void {
  unspoken.push(upload);
  failures.say(() => {
    const { messages } = language;
    const [{ path, progress: { error } }, ...others] = unspoken as [QueuedUpload, ...QueuedUpload[]];
    unspoken = [];
    if (others.length > 0) return messages.spokenFailures(others.length + 1);
    return messages.spokenFailed(path, error === undefined ? messages.refused("") : errorText(error, language));
  });
}
