import type { QueuedUpload } from "../mod.ts";
import type { Announcer } from "./announcer.ts";
import type { Language } from "./language.ts";
import { errorText, nameText } from "./texts.ts";

/** Speaks failures. Of many at a time it speaks the number alone. */
export class FailureTeller {
  readonly #announcer: Announcer;
  readonly #language: Language;
  #unspoken: QueuedUpload[] = [];

  constructor(announcer: Announcer, language: Language) {
    this.#announcer = announcer;
    this.#language = language;
  }

  tell(upload: QueuedUpload): void {
    this.#unspoken.push(upload);
    this.#announcer.say(() => {
      const { messages } = this.#language;
      const [{ path, progress: { error } }, ...others] = this.#unspoken as [QueuedUpload, ...QueuedUpload[]];
      this.#unspoken = [];
      if (others.length > 0) return messages.spokenFailures(others.length + 1);
      return messages.spokenFailed(
        nameText(path),
        error === undefined ? messages.refused("") : errorText(error, this.#language),
      );
    });
  }
}
