import { part } from "./elements.ts";
import type { Language } from "./language.ts";

/** How far something is, in bytes. */
export interface Extent {
  sent: number;
  confirmed: number;
  total: number;
  /** Whether it has all; of an empty file the bytes do not tell. */
  isDone: boolean;
}

/** Two bars in one: what has been sent, and over it, darker, what is safe on the server. */
export class Bar {
  readonly #sent: HTMLProgressElement;
  readonly #safe: HTMLElement;

  /** `within` holds a copy of the bar's elements. */
  constructor(within: ParentNode) {
    this.#sent = part(within, "sent-bar", HTMLProgressElement);
    this.#safe = part(within, "safe-bar", HTMLElement);
  }

  /** Shows how far it is; `label` says of what. */
  show({ sent, confirmed, total, isDone }: Extent, label: string, { messages, words }: Language): void {
    const sentPart = total === 0 ? Number(isDone) : sent / total;
    const safePart = total === 0 ? Number(isDone) : confirmed / total;
    this.#sent.value = sentPart;
    this.#sent.ariaLabel = label;
    this.#sent.ariaValueText = messages.barValue(words.percent(sentPart, 1), words.percent(safePart, 1));
    this.#safe.style.setProperty("--safe", String(safePart));
    this.#safe.classList.toggle("is-partly", safePart > 0 && safePart < 1);
  }
}
