import type { QueuedUpload, UploadQueue } from "../mod.ts";
import type { Language } from "./language.ts";
import type { Questions } from "./questions.ts";
import type { Review } from "./review.ts";
import { runningOf } from "./total_state.ts";
import type { ActionForAll } from "./total_view.ts";

/** The things that the buttons for all uploads need. */
export interface AllActionsSetting {
  queue: UploadQueue;
  review: Review;
  language: Language;
  questions: Questions;
  /** Moves the focus to the row of an upload. */
  focus: (upload: QueuedUpload) => void;
}

/** Carries out the actions of the buttons for all uploads. */
export class AllActions {
  readonly #setting: AllActionsSetting;
  /** The failed upload that was shown last. */
  #shown: QueuedUpload | undefined;

  constructor(setting: AllActionsSetting) {
    this.#setting = setting;
  }

  /** Carries out one action. Resolves when it is done, or when the person does not want it after all. */
  async act(action: ActionForAll): Promise<void> {
    const { queue, review } = this.#setting;
    switch (action) {
      case "sendAll":
        return review.sendAll();
      case "pauseAll":
        return queue.pauseAll();
      case "resumeAll":
        return this.#resume();
      case "showFailed":
        return this.#showNextFailed();
      case "retryFailed":
        return queue.retryFailed();
      case "dismissDone":
        return queue.dismissDone();
      case "cancelAll":
        return await this.#cancel();
    }
  }

  /** Resumes what was paused. A file that is held back is not sent by this. */
  #resume(): void {
    const { queue, review } = this.#setting;
    if (review.count === 0) return queue.resumeAll();
    for (const upload of queue.uploads) if (upload.state === "paused" && !review.isHeld(upload)) upload.resume();
  }

  async #cancel(): Promise<void> {
    const { queue, questions, language: { messages } } = this.#setting;
    const { paused, failed } = queue.total.in;
    const text = messages.confirmCancelAll(runningOf(queue.total) + paused + failed);
    if (await questions.confirm(text, { yes: messages.cancelAll, no: messages.keepIt })) queue.cancelAll();
  }

  /** Moves the focus to the next failed upload, and from the last one to the first. */
  #showNextFailed(): void {
    const { queue, focus } = this.#setting;
    const failed = queue.uploads.filter(({ state }) => state === "failed");
    this.#shown = failed[(this.#shown === undefined ? 0 : failed.indexOf(this.#shown) + 1) % failed.length];
    if (this.#shown !== undefined) focus(this.#shown);
  }
}
