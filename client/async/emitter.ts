import { report } from "./report.ts";

/**
 * Calls listeners at events. The error of a listener is reported, and disturbs neither the other listeners nor the
 * upload.
 */
export class Emitter<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #listeners: { [Name in keyof Events]?: Set<(...details: Events[Name]) => void> } = {};

  /** Calls `listener` at each event of that name. The returned function ends this. */
  on<Name extends keyof Events>(name: Name, listener: (...details: Events[Name]) => void): () => void {
    const listeners = this.#listeners[name] ??= new Set();
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, ...details: Events[Name]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        listener(...details);
      } catch (error) {
        report(error);
      }
    }
  }
}
