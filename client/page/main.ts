import { type QueuedUpload, SignIns, UnfinishedUploads, UploadQueue, UploadStore } from "../mod.ts";
import { Access, arrive } from "./access.ts";
import { AllActions } from "./all_actions.ts";
import { announcerIn } from "./announcer.ts";
import { Awake } from "./awake.ts";
import { ChooseAgain } from "./choose_again.ts";
import type { Picked } from "./dropped.ts";
import { EarlierView } from "./earlier_view.ts";
import { find, isFocusLost } from "./elements.ts";
import { FailureTeller } from "./failure_teller.ts";
import { FileActions } from "./file_actions.ts";
import { FinishedHere } from "./finished_here.ts";
import { GivenNames } from "./given_names.ts";
import { Intake } from "./intake.ts";
import { Language } from "./language.ts";
import { LimitsWatch } from "./limits_watch.ts";
import { ListView } from "./list_view.ts";
import { Notices } from "./notices.ts";
import { notTakenText } from "./not_taken.ts";
import { mendOlderBrowsers } from "./older_browsers.ts";
import { Questions } from "./questions.ts";
import { Review } from "./review.ts";
import { SavedNames } from "./saved_names.ts";
import { ENDPOINT, nameHere } from "./server.ts";
import { may, mayList, type Visitor } from "./session.ts";
import { soon } from "./soon.ts";
import { Narrator } from "./spoken.ts";
import { failedBytesOf, runningOf } from "./total_state.ts";
import { type BesideTotal, TotalView } from "./total_view.ts";
import { UnfinishedView } from "./unfinished_view.ts";
import { LINK_VISITOR, UploadLink } from "./upload_link.ts";

/** The time between two drawings of the page. Nobody reads numbers that change more often, and each one costs power. */
const REDRAW_MS = 250;
/** How long the page of a link waits to be told what the link is for, before it shows itself. */
const PATIENCE_MS = 1000;

mendOlderBrowsers();
const link = UploadLink.in(location);
// The token of a sign-in link leaves the address before anything else happens.
const store = link?.store ?? new UploadStore({ name: nameHere("pawl") });
const arrival = link === undefined ? arrive(store) : undefined;
const headers = link?.headers;
const watch = new LimitsWatch({ headers });
const signIns = new SignIns(() => link === undefined ? access.ask() : link.end(language));
const queue = new UploadQueue({ endpoint: ENDPOINT, store, headers, limits: watch.limits, onSignedOut: signIns });
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
const status = announcerIn("status");
const failures = new FailureTeller(announcerIn("failures"), language);
const narrator = new Narrator(status, language);
const notices = new Notices(status);
const review = new Review(store, location);
const here = new FinishedHere();
const savedNames = new SavedNames((upload, name) => {
  showChange(upload);
  if (isRemembered) here.note(upload, name);
});
const files = new FileActions({
  language,
  questions,
  notices,
  chooseAgain,
  take,
  replace(upload, about) {
    const wasHeld = review.isHeld(upload);
    const next = queue.replace(upload, about);
    if (wasHeld) hold(next);
  },
  onDeletion() {
    list.redraw();
    earlier.redraw();
  },
  onDeleted(upload) {
    const index = queue.uploads.indexOf(upload);
    here.forget(new Set([upload.location ?? ""]));
    upload.dismiss();
    showNow();
    if (isFocusLost()) focusRow(index);
  },
});
const list = new ListView(find("list", HTMLUListElement), {
  language,
  marksOf: (upload) => ({
    isHeld: review.isHeld(upload),
    isDeleting: files.deletions.has(upload.location),
    savedAs: mayRead ? savedNames.of(upload) : undefined,
  }),
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
const forAll = new AllActions({
  queue,
  review,
  language,
  questions,
  focus: (upload) => focusRow(queue.uploads.indexOf(upload)),
});
const totals = new TotalView({
  language,
  onAction: async (action) => {
    await forAll.act(action);
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
  here,
  shownElsewhere: () => new Set(queue.uploads.flatMap(({ location }) => location ?? [])),
});
const access = new Access({
  store,
  language,
  notices,
  onVisitor: welcome,
  onAsk: () => status.sayDone(language.messages.signInAgainHint),
});
let isListed = false;
/** How many uploads the list had when it was shown last. */
let listed = 0;
let mayRead = false;
let isRemembered = false;

// A tab in the background is updated too, because its title can be seen.
const show = soon(REDRAW_MS, showNow);
const givenNames = new GivenNames();
const intake = new Intake({
  take,
  named: (file, word) => givenNames.named(file, { word: language.messages[word], now: new Date() }),
  onIntent: () => readLimits(),
  onNotTaken: (what) => notices.complain(notTakenText(what, language.messages)),
});
queue.on("list", () => show());
queue.on("progress", showChange);
queue.on("state", (upload) => {
  review.note(upload);
  if (upload.state === "failed") failures.tell(upload);
  if (upload.state === "done" && isRemembered) here.note(upload);
});
redraw();
if (arrival !== undefined) await access.begin(arrival);
if (link !== undefined) {
  welcome(LINK_VISITOR);
  // A database that is silent must not hide the page.
  const shown = Promise.all([link.show(language), readLimits()]);
  await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}
document.documentElement.dataset["ready"] = "";
access.focus();

/** Offers a visitor what the visitor has the right for. */
function welcome(visitor: Visitor): void {
  watch.forget();
  intake.isOpen = may(visitor, "upload");
  review.isOffered = intake.isOpen;
  mayRead = may(visitor, "read");
  isRemembered = visitor.kind === "anybody" && intake.isOpen;
  list.rights = { read: mayRead, upload: intake.isOpen };
  files.links.mayMake = mayList(visitor) && may(visitor, "upload");
  if (link === undefined) earlier.offer(visitor);
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
  for (const { file, ...about } of unfinished.takeOff(picked)) {
    // A file that was begun before was looked at then.
    const isPaused = review.isOn && about.confirmed === undefined;
    const upload = queue.add(file, { ...about, isPaused });
    if (isPaused) hold(upload);
  }
  link?.tell(watch.limits.room, language);
}

function hold(upload: QueuedUpload): void {
  review.hold(upload);
  status.say(() => language.messages.held);
}

function showChange(upload: QueuedUpload): void {
  list.update(upload);
  show();
}

function showNow(): void {
  const { total } = queue;
  // The rows can be measured only in a list that is seen.
  totals.show(total, besideTotal());
  list.show(queue.uploads);
  // A file that was taken out of the list was finished earlier.
  if (total.files < listed) earlier.update();
  listed = total.files;
  awake.isNeeded = runningOf(total) > 0;
  narrator.tell(total);
}

function redraw(): void {
  list.redraw();
  unfinished.redraw();
  link?.redraw(language);
  earlier.redraw();
  access.redraw();
  totals.show(queue.total, besideTotal());
}

function besideTotal(): BesideTotal {
  const failedBytes = queue.total.in.failed === 0 ? 0 : failedBytesOf(queue.uploads);
  return { isBuffered: queue.isBuffered, held: review.count, failedBytes };
}

/** Moves the focus to the row with that index, or to the row that has taken its place. */
function focusRow(index: number): void {
  if (!list.focus(index)) find("choose-files", HTMLButtonElement).focus();
}
