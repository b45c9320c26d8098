import type { Messages } from "../languages/messages.ts";
import { BROUGHT_WORDS } from "./brought_words.ts";
import { chosenLanguage, keepLanguage } from "./chosen_language.ts";
import { find, set, write } from "./elements.ts";
import type { Modules } from "./modules.ts";
import { createWords, type Words } from "./words.ts";

/** The languages of the page, by their tags (BCP 47), each with its own name for itself. */
export const LANGUAGES: Readonly<Record<string, string>> = {
  en: "English",
  fr: "Français",
  ja: "日本語",
  ko: "한국어",
  ru: "Русский",
  zh: "简体中文",
};

/** Gives the first of the wanted languages that the page has. */
export function chooseLanguage(wanted: readonly string[]): string {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0]!).find((tag) => Object.hasOwn(LANGUAGES, tag));
  return known ?? "en";
}

/** The things that a {@linkcode Language} works with. */
export interface LanguageSetting {
  modules: Modules;
  /** Called after another choice. */
  onChange: () => void;
  /** Called when a language could not be loaded. */
  onFailure: () => void;
}

/**
 * The language of the page: its texts and its way to write numbers. An element of `static/index.html` with a
 * `data-text` shows the text of that name.
 */
export class Language {
  messages!: Messages;
  words!: Words;
  readonly #choice = find("language", HTMLSelectElement);
  readonly #modules: Modules;
  #uses = 0;

  private constructor(modules: Modules) {
    this.#modules = modules;
  }

  /**
   * Loads the language that was chosen last in this browser, or else the one that the browser prefers. The words of that
   * one came with the page.
   */
  static async load({ modules, onChange, onFailure }: LanguageSetting): Promise<Language> {
    const language = new Language(modules);
    const chosen = chosenLanguage();
    await language.#use(chooseLanguage([...chosen === undefined ? [] : [chosen], ...navigator.languages]));
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
        // The texts cannot be loaded now.
        this.#choice.value = document.documentElement.lang;
        return onFailure();
      }
      keepLanguage(tag);
      onChange();
    });
  }

  /** Changes to a language. False when another one was chosen meanwhile. */
  async #use(tag: string): Promise<boolean> {
    const use = ++this.#uses;
    const messages = BROUGHT_WORDS[tag] ?? await this.#loaded(tag);
    if (use !== this.#uses) return false;
    this.messages = messages;
    this.words = createWords(tag);
    set(document.documentElement, { lang: tag, dir: messages.direction });
    this.#choice.value = tag;
    for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
      const text = messages[element.dataset["text"] as keyof Messages];
      if (typeof text === "string") write(element, text);
    }
    return true;
  }

  async #loaded(tag: string): Promise<Messages> {
    return (await this.#modules.load<{ messages: Messages }>(`languages/${tag}`)).messages;
  }
}
