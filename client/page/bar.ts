import { part, set } from "./elements.ts";
import type { Language } from "./language.ts";

/** The bytes that a bar shows. */
export interface Extent {
  sent: number;
  confirmed: number;
  total: number;
  /** True when all is done. The bytes of an empty file do not tell. */
  isDone: boolean;
}

/** Two bars in one: the bytes that were sent, and over them, in a stronger colour, the bytes that are safe on the server. */
export class Bar {
  readonly #sent: HTMLProgressElement;
  readonly #safe: HTMLElement;

  /** Finds the bar's elements in `within`. */
  constructor(within: ParentNode) {
    this.#sent = part(within, "sent-bar", HTMLProgressElement);
    this.#safe = part(within, "safe-bar", HTMLElement);
  }

  /** Shows the bytes. `label` names what the bar is about. */
  show({ sent, confirmed, total, isDone }: Extent, label: string, { messages, words }: Language): void {
    const sentPart = total === 0 ? Number(isDone) : sent / total;
    const safePart = total === 0 ? Number(isDone) : confirmed / total;
    const ariaValueText = messages.barValue(words.percent(sentPart, 1), words.percent(safePart, 1));
    set(this.#sent, { value: sentPart, ariaLabel: label, ariaValueText });
    this.#safe.style.setProperty("--safe", String(safePart));
    this.#safe.classList.toggle("is-partly", safePart > 0 && safePart < 1);
  }
}
