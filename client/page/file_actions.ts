import type { Action } from "../languages/messages.ts";
import { type QueuedUpload, UploadError } from "../mod.ts";
import type { ChooseAgain } from "./choose_again.ts";
import { copyText } from "./copy_text.ts";
import type { Picked } from "./dropped.ts";
import type { Language } from "./language.ts";
import type { Notices } from "./notices.ts";
import type { Questions } from "./questions.ts";
import { errorText, nameText } from "./texts.ts";

/** The things that the buttons of a file need. */
export interface FileActionsSetting {
  language: Language;
  questions: Questions;
  notices: Notices;
  chooseAgain: ChooseAgain;
  take: (picked: Picked[]) => void;
}

/** Carries out the actions of the buttons of one file. */
export class FileActions {
  readonly #setting: FileActionsSetting;

  constructor(setting: FileActionsSetting) {
    this.#setting = setting;
  }

  /** Carries out one action. Resolves when it is done, or when the person does not want it after all. */
  async act(action: Action, upload: QueuedUpload): Promise<void> {
    const { language: { messages, words }, questions } = this.#setting;
    const name = nameText(upload.path);
    const safe = words.bytes(upload.progress.confirmed);
    const { keepIt: no } = messages;
    switch (action) {
      case "pause":
        return upload.pause();
      case "resume":
      case "retry":
        return upload.resume();
      case "dismiss":
        return upload.dismiss();
      case "cancel":
        if (upload.progress.confirmed > 0) {
          if (!await questions.confirm(messages.confirmCancel(name, safe), { yes: messages.cancelIt, no })) return;
        }
        return upload.cancel();
      case "discard":
        if (await questions.confirm(messages.confirmDiscard(name, safe), { yes: messages.actions.discard.label, no })) {
          upload.cancel();
        }
        return;
      case "chooseAgain":
        return await this.#chooseAgain(upload);
      case "copy":
        return await this.#copy(new URL(upload.location ?? "", document.baseURI).href);
      case "delete":
        if (await questions.confirm(messages.confirmDelete(name), { yes: messages.deleteIt, no })) {
          await this.#delete(upload);
        }
    }
  }

  async #chooseAgain({ path, file: { name } }: QueuedUpload): Promise<void> {
    const file = await this.#setting.chooseAgain.ask();
    // A file with another name is another file, in the same folder.
    if (file !== undefined) this.#setting.take([{ file, path: path.slice(0, -name.length) + file.name }]);
  }

  async #copy(link: string): Promise<void> {
    const { language: { messages }, notices, questions } = this.#setting;
    if (await copyText(link)) notices.tell(messages.copied);
    else await questions.show(messages.copyByHand, link, messages.close);
  }

  async #delete(upload: QueuedUpload): Promise<void> {
    const { language, notices } = this.#setting;
    const { messages } = language;
    const name = nameText(upload.path);
    try {
      await upload.delete();
      upload.dismiss();
      notices.clear();
      notices.tell(messages.deleted(name));
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      const isUnreachable = error.code === "no-progress";
      notices.complain(
        isUnreachable ? messages.notDeleted(name) : messages.spokenFailed(name, errorText(error, language)),
      );
    }
  }
}
