import type { Messages } from "../languages/messages.ts";
import type { UploadStore } from "../mod.ts";
import { find } from "./elements.ts";
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

/** How long the page waits to be told which language was chosen. */
const PATIENCE_MS = 300;

/** Gives the first of the wanted languages that the page has. */
export function chooseLanguage(wanted: readonly string[]): string {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0]!).find((tag) => Object.hasOwn(LANGUAGES, tag));
  return known ?? "en";
}

/** The things that a {@linkcode Language} works with. */
export interface LanguageSetting {
  /** Keeps the choice. */
  store: UploadStore;
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
  readonly #store: UploadStore;
  readonly #choice = find("language", HTMLSelectElement);
  readonly #modules: Modules;
  #uses = 0;

  private constructor(store: UploadStore, modules: Modules) {
    this.#store = store;
    this.#modules = modules;
  }

  /** Loads the language that was chosen last in this browser, or else the one that the browser prefers. */
  static async load({ store, modules, onChange, onFailure }: LanguageSetting): Promise<Language> {
    const language = new Language(store, modules);
    const told = store.setting("language");
    // A database that is silent must not hide the page.
    const chosen = await Promise.race([told, new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    const wanted = (chosen: string | undefined) =>
      chooseLanguage([...chosen === undefined ? [] : [chosen], ...navigator.languages]);
    await language.#use(wanted(chosen));
    language.#offer(onChange, onFailure);
    told.then(async (late) => {
      if (wanted(late) === wanted(chosen) || language.#uses > 1) return;
      if (await language.#use(wanted(late))) onChange();
    }).catch(onFailure);
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
      onChange();
      await this.#store.set("language", tag);
    });
  }

  /** Changes to a language. False when another one was chosen meanwhile. */
  async #use(tag: string): Promise<boolean> {
    const use = ++this.#uses;
    const { messages } = await this.#modules.load<{ messages: Messages }>(`languages/${tag}`);
    if (use !== this.#uses) return false;
    this.messages = messages;
    this.words = createWords(tag);
    const root = document.documentElement;
    root.lang = tag;
    root.dir = messages.direction;
    this.#choice.value = tag;
    for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
      const text = messages[element.dataset["text"] as keyof Messages];
      if (typeof text === "string") element.textContent = text;
    }
    return true;
  }
}
