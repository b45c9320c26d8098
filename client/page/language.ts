import type { Messages } from "../languages/messages.ts";
import type { UploadStore } from "../mod.ts";
import { find } from "./elements.ts";
import { createWords, type Words } from "./words.ts";

/** The languages that the page speaks, by the tags of BCP 47, with the names that they have for themselves. */
export const LANGUAGES: Readonly<Record<string, string>> = {
  en: "English",
  fr: "Français",
  ja: "日本語",
  ko: "한국어",
  ru: "Русский",
  zh: "简体中文",
};

/** The first of the wanted languages that the page speaks. */
export function chooseLanguage(wanted: readonly string[]): string {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0]!).find((tag) => Object.hasOwn(LANGUAGES, tag));
  return known ?? "en";
}

/** What the page says things in. The elements of `static/index.html` with a `data-text` have the text of that name. */
export class Language {
  messages!: Messages;
  words!: Words;
  readonly #store: UploadStore;
  readonly #choice = find("language", HTMLSelectElement);
  readonly #failed = new Map<string, number>();
  #uses = 0;

  private constructor(store: UploadStore) {
    this.#store = store;
  }

  /**
   * The language that was chosen last in this browser, or the one that it prefers. `onChange` hears of another choice,
   * `onFailure` of one that could not be had.
   */
  static async load(
    store: UploadStore,
    { onChange, onFailure }: { onChange: () => void; onFailure: () => void },
  ): Promise<Language> {
    const language = new Language(store);
    const chosen = await store.setting("language");
    await language.#use(chooseLanguage(chosen === undefined ? navigator.languages : [chosen, ...navigator.languages]));
    language.#offer(onChange, onFailure);
    return language;
  }

  #offer(onChange: () => void, onFailure: () => void): void {
    for (const [tag, name] of Object.entries(LANGUAGES)) {
      const option = new Option(name, tag);
      option.lang = tag;
      this.#choice.add(option);
    }
    this.#choice.value = document.documentElement.lang;
    this.#choice.addEventListener("change", async () => {
      const tag = this.#choice.value;
      try {
        if (!await this.#use(tag)) return;
      } catch {
        // Its words cannot be fetched now.
        this.#choice.value = document.documentElement.lang;
        return onFailure();
      }
      onChange();
      await this.#store.set("language", tag);
    });
  }

  async #import(path: string): Promise<{ messages: Messages }> {
    // A browser keeps the failure of a module for as long as the page lives: the next try has another address.
    const tries = this.#failed.get(path) ?? 0;
    try {
      return await import(tries === 0 ? path : `${path}?${tries}`);
    } catch (error) {
      this.#failed.set(path, tries + 1);
      throw error;
    }
  }

  /** False when another one was chosen meanwhile. */
  async #use(tag: string): Promise<boolean> {
    const use = ++this.#uses;
    // At this address the server puts the module and what it imports into one.
    const { messages }: { messages: Messages } = await this.#import(`../languages/${tag}.js`);
    if (use !== this.#uses) return false;
    this.messages = messages;
    this.words = createWords(tag);
    const root = document.documentElement;
    root.lang = tag;
    root.dir = messages.direction;
    for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
      const text = messages[element.dataset["text"] as keyof Messages];
      if (typeof text === "string") element.textContent = text;
    }
    return true;
  }
}
