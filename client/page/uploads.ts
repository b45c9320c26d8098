import { type QueuedUpload, SignIns, UnfinishedUploads, UploadQueue, type UploadStore } from "../mod.ts";
import { AllActions } from "./all_actions.ts";
import { type Announcer, announcerIn } from "./announcer.ts";
import { Awake } from "./awake.ts";
import { ChooseAgain } from "./choose_again.ts";
import type { Picked } from "./dropped.ts";
import { EarlierView } from "./earlier_view.ts";
import { find, isFocusLost } from "./elements.ts";
import { FailureTeller } from "./failure_teller.ts";
import { FileActions } from "./file_actions.ts";
import { FinishedHere } from "./finished_here.ts";
import type { Language } from "./language.ts";
import { LimitsWatch } from "./limits_watch.ts";
import { ListView } from "./list_view.ts";
import type { Notices } from "./notices.ts";
import { Questions } from "./questions.ts";
import { Review } from "./review.ts";
import { SavedNames } from "./saved_names.ts";
import { ENDPOINT } from "./server.ts";
import { may, mayList, type Visitor } from "./session.ts";
import { soon } from "./soon.ts";
import { Narrator } from "./spoken.ts";
import { failedBytesOf, runningOf } from "./total_state.ts";
import { type BesideTotal, TotalView } from "./total_view.ts";
import { UnfinishedView } from "./unfinished_view.ts";
import type { UploadLink } from "./upload_link.ts";
import { warmUp } from "./warm_up.ts";

/** The time between two drawings of the page. Nobody reads numbers that change more often, and each one costs power. */
const REDRAW_MS = 250;

/** The things of the page that the uploads need. */
export interface UploadsSetting {
  store: UploadStore;
  language: Language;
  notices: Notices;
  /** Speaks how far the uploads are. */
  status: Announcer;
  /** The link by which the visitor came, if it was one. */
  link: UploadLink | undefined;
  /** Asks for a sign-in. Resolves when there has been one. */
  askToSignIn: () => Promise<void>;
}

/** The uploads of the page: the queue, the unfinished ones and the earlier ones, with their rows and buttons. */
export interface Uploads {
  /** Uploads these files. */
  take(picked: Picked[]): void;
  /** Offers a visitor what the visitor has the right for. */
  welcome(visitor: Visitor): void;
  /** Reads the limits, and shows the visitor of a link how much it still takes. */
  readLimits(): Promise<void>;
  /** Writes the texts anew, after a change of language. */
  redraw(): void;
  /** Prepares what the first files will need. */
  warmUp(): void;
}

/** Makes the uploads of the page, for no visitor yet. It may be called once. */
export function openUploads({ store, language, notices, status, link, askToSignIn }: UploadsSetting): Uploads {
  const headers = link?.headers;
  const watch = new LimitsWatch({ headers });
  const signIns = new SignIns(() => link === undefined ? askToSignIn() : link.end(language));
  const queue = new UploadQueue({ endpoint: ENDPOINT, store, headers, limits: watch.limits, onSignedOut: signIns });
  const questions = new Questions();
  const chooseAgain = new ChooseAgain();
  const awake = new Awake();
  const failures = new FailureTeller(announcerIn("failures"), language);
  const narrator = new Narrator(status, language);
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
    headersNow: () => link?.headersNow ?? {},
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
      canUndo: files.deletions.canUndo(upload.location),
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
  let isListed = false;
  /** How many uploads the list had when it was shown last. */
  let listed = 0;
  let mayRead = false;
  let isRemembered = false;

  // A tab in the background is updated too, because its title can be seen.
  const show = soon(REDRAW_MS, showNow);
  queue.on("list", () => show());
  queue.on("progress", showChange);
  queue.on("state", (upload) => {
    review.note(upload);
    if (upload.state === "failed") failures.tell(upload);
    if (upload.state === "done" && isRemembered) here.note(upload);
  });
  redraw();
  return { take, welcome, readLimits, redraw, warmUp: () => void warmUp(language) };

  function welcome(visitor: Visitor): void {
    const mayUpload = may(visitor, "upload");
    watch.forget();
    review.isOffered = mayUpload;
    mayRead = may(visitor, "read");
    isRemembered = visitor.kind === "anybody" && mayUpload;
    list.rights = { read: mayRead, upload: mayUpload };
    files.links.mayMake = mayList(visitor) && mayUpload;
    if (link === undefined) earlier.offer(visitor);
    if (!mayUpload || isListed) return;
    isListed = true;
    unfinished.load();
  }

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
    earlier.redraw();
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
}
