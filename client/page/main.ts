import { type QueuedUpload, SignIns, systemClock, UnfinishedUploads, UploadQueue, UploadStore } from "../mod.ts";
import { Access, arrive } from "./access.ts";
import { Announcer } from "./announcer.ts";
import { Awake } from "./awake.ts";
import { ChooseAgain } from "./choose_again.ts";
import type { Picked } from "./dropped.ts";
import { EarlierView } from "./earlier_view.ts";
import { find, isFocusLost } from "./elements.ts";
import { FileActions } from "./file_actions.ts";
import { Intake } from "./intake.ts";
import { Language } from "./language.ts";
import { LimitsWatch } from "./limits_watch.ts";
import { ListView } from "./list_view.ts";
import { Notices } from "./notices.ts";
import { Questions } from "./questions.ts";
import { may, mayList, type Visitor } from "./session.ts";
import { NOTHING_TOLD, spoken } from "./spoken.ts";
import { errorText, nameText } from "./texts.ts";
import { runningOf } from "./total_state.ts";
import { type ActionForAll, TotalView } from "./total_view.ts";
import { UnfinishedView } from "./unfinished_view.ts";
import { LINK_VISITOR, UploadLink } from "./upload_link.ts";

/** The time between two updates of the page. */
const REDRAW_MS = 200;

const link = UploadLink.in(location);
// The token of a sign-in link leaves the address before anything else happens.
const arrival = link === undefined ? arrive() : undefined;
const store = link?.store ?? new UploadStore();
const headers = link?.headers;
const watch = new LimitsWatch({ headers });
const signIns = new SignIns(() => link === undefined ? access.ask() : link.end(language));
const queue = new UploadQueue({ store, headers, limits: watch.limits, onSignedOut: signIns });
const language = await Language.load(store, {
  onChange() {
    notices.clear();
    redraw();
  },
  onFailure: () => notices.complain(language.messages.notLoaded),
});
const questions = new Questions();
const chooseAgain = new ChooseAgain();
const awake = new Awake();
// A screen reader speaks new text nodes only.
const status = new Announcer((text) => find("status", HTMLElement).replaceChildren(text), systemClock);
const failures = new Announcer((text) => find("failures", HTMLElement).replaceChildren(text), systemClock);
const notices = new Notices(status);
const files = new FileActions({ language, questions, notices, chooseAgain, take });
const list = new ListView(find("list", HTMLUListElement), {
  language,
  onAction: async (action, upload) => {
    const index = queue.uploads.indexOf(upload);
    await files.act(action, upload);
    showNow();
    if (!isFocusLost()) return;
    // Another file may have taken its place.
    const again = queue.uploads.findIndex(({ path }) => path === upload.path);
    focusRow(again < 0 ? index : again);
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
  uploads: new UnfinishedUploads({ store, headers, onSignedOut: signIns }),
  language,
  questions,
  notices,
  chooseAgain,
  take,
  focusUploads(count) {
    showNow();
    focusRow(Math.max(0, queue.uploads.length - count));
  },
});
const earlier = new EarlierView({
  language,
  notices,
  files,
  signIns,
  shownElsewhere: () => new Set(queue.uploads.flatMap(({ location }) => location ?? [])),
});
const access = new Access({
  language,
  notices,
  onVisitor: welcome,
  onAsk: () => status.sayDone(language.messages.signInAgainHint),
});
let told = NOTHING_TOLD;
let isDue = false;
let isListed = false;
/** The failed upload that was shown last. */
let shown: QueuedUpload | undefined;
let unspoken: QueuedUpload[] = [];

const intake = new Intake({
  take,
  onIntent: () => readLimits(),
  onNone: () => notices.complain(language.messages.emptyFolder),
  onUnreadable(names) {
    const texts = names.slice(0, 20).map((name) => language.messages.unreadable(nameText(name)));
    notices.complain(texts.join("\n"));
  },
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
if (arrival !== undefined) await access.begin(arrival);
if (link !== undefined) {
  welcome(LINK_VISITOR);
  await Promise.all([link.show(language), readLimits()]);
}
document.documentElement.dataset["ready"] = "";
access.focus();

/** Offers a visitor what the visitor has the right for. */
function welcome(visitor: Visitor): void {
  watch.forget();
  intake.isOpen = may(visitor, "upload");
  list.rights = { read: may(visitor, "read"), upload: intake.isOpen };
  files.links.mayMake = mayList(visitor) && may(visitor, "upload");
  earlier.offer(visitor);
  if (!intake.isOpen || isListed) return;
  isListed = true;
  unfinished.load();
}

/** Reads the limits, and shows the visitor of a link how much it still takes. */
async function readLimits(): Promise<void> {
  await watch.read();
  link?.tell(watch.limits.room, language);
}

function take(picked: Picked[]): void {
  notices.clear();
  watch.begin();
  for (const { file, ...about } of unfinished.takeOff(picked)) queue.add(file, about);
  link?.tell(watch.limits.room, language);
}

/**
 * Updates the page, a few times a second at most. A tab in the background is updated too, because its title can be
 * seen.
 */
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
  link?.redraw(language);
  earlier.redraw();
  access.redraw();
  totals.show(queue.total, queue.isBuffered);
}

async function actOnAll(action: ActionForAll): Promise<void> {
  const { messages } = language;
  const { in: count } = queue.total;
  switch (action) {
    case "pauseAll":
      return queue.pauseAll();
    case "resumeAll":
      return queue.resumeAll();
    case "showFailed":
      return focusNextFailed();
    case "retryFailed":
      return queue.retryFailed();
    case "dismissDone":
      return queue.dismissDone();
    case "cancelAll": {
      const text = messages.confirmCancelAll(runningOf(queue.total) + count.paused + count.failed);
      if (await questions.confirm(text, { yes: messages.cancelAll, no: messages.keepIt })) queue.cancelAll();
    }
  }
}

/** Moves the focus to the next failed upload, and from the last one to the first. */
function focusNextFailed(): void {
  const failed = queue.uploads.filter(({ state }) => state === "failed");
  shown = failed[(shown === undefined ? 0 : failed.indexOf(shown) + 1) % failed.length];
  if (shown !== undefined) focusRow(queue.uploads.indexOf(shown));
}

/** Moves the focus to the row with that index, or to the row that has taken its place. */
function focusRow(index: number): void {
  if (!list.focus(index)) find("choose-files", HTMLButtonElement).focus();
}

/** Speaks a failure. Of many at a time it speaks the number alone. */
function tellFailure(upload: QueuedUpload): void {
  unspoken.push(upload);
  failures.say(() => {
    const { messages } = language;
    const [{ path, progress: { error } }, ...others] = unspoken as [QueuedUpload, ...QueuedUpload[]];
    unspoken = [];
    if (others.length > 0) return messages.spokenFailures(others.length + 1);
    return messages.spokenFailed(
      nameText(path),
      error === undefined ? messages.refused("") : errorText(error, language),
    );
  });
}
