import { browserStorage } from "./browser_storage.ts";
import { nameHere } from "./server.ts";

const KEY = nameHere("pawl-language");

/** The language that was chosen last in this browser, if any. It is read at once, so no page waits for it. */
export function chosenLanguage(): string | undefined {
  try {
    return browserStorage()?.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers the choice of a language, if the browser keeps anything. */
export function keepLanguage(tag: string): void {
  try {
    browserStorage()?.setItem(KEY, tag);
  } catch {
    // There is no room.
  }
}
