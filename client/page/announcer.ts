import { type Clock, systemClock } from "../mod.ts";
import { find } from "./elements.ts";

/** The time between two texts that are spoken. */
const SHORTEST_SILENCE_MS = 5000;

/**
 * Speaks texts, at most one in 5 seconds. Reports of something that was done are spoken first, and all of them. Of the
 * texts about how far the uploads are, only the latest is spoken, because the earlier ones are out of date.
 */
export class Announcer {
  readonly #speak: (text: string) => void;
  readonly #clock: Clock;
  #spokenAt = -Infinity;
  #next: (() => string) | undefined;
  readonly #done: (() => string)[] = [];
  #isSpeaking = false;

  constructor(speak: (text: string) => void, clock: Clock) {
    this.#speak = speak;
    this.#clock = clock;
  }

  /**
   * Speaks the result of `text`, as soon as 5 seconds have passed since the last spoken text. A later call takes its
   * place until then.
   */
  say(text: () => string): void {
    this.#next = text;
    this.#sayAll();
  }

  /** Speaks a report of something that was done. It is never left out in favour of a later one. */
  sayDone(text: string): void {
    this.#done.push(() => text);
    this.#sayAll();
  }

  async #sayAll(): Promise<void> {
    if (this.#isSpeaking) return;
    this.#isSpeaking = true;
    while (this.#done.length > 0 || this.#next !== undefined) {
      const silence = this.#spokenAt + SHORTEST_SILENCE_MS - this.#clock.now();
      if (silence > 0) await this.#clock.wait(silence, new AbortController().signal);
      const done = this.#done.shift();
      const text = done ?? this.#next!;
      if (done === undefined) this.#next = undefined;
      this.#spokenAt = this.#clock.now();
      this.#speak(text());
    }
    this.#isSpeaking = false;
  }
}

/** Speaks in a region of the page that only a screen reader hears. A screen reader speaks new text nodes only. */
export function announcerIn(id: string): Announcer {
  const region = find(id, HTMLElement);
  return new Announcer((text) => region.replaceChildren(text), systemClock);
}
