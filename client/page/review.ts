import type { QueuedUpload, UploadStore } from "../mod.ts";
import { find, set } from "./elements.ts";

const SETTING = "review";

/** Holds files back until somebody has looked at them, where the address (`?review=1`) or the switch says so. */
export class Review {
  readonly #switch = find("review", HTMLInputElement);
  readonly #label = find("review-label", HTMLLabelElement);
  readonly #held = new Set<QueuedUpload>();

  /** The choice is kept in `store`. An address that says it counts for this page alone. */
  constructor(store: UploadStore, { search }: Pick<Location, "search">) {
    const wanted = new URLSearchParams(search).get("review");
    this.#switch.checked = wanted === "1";
    if (wanted === null) store.setting(SETTING).then((value) => this.#switch.checked ||= value === "1");
    this.#switch.addEventListener("change", () => store.set(SETTING, this.#switch.checked ? "1" : "0"));
  }

  /** True when new files are held back. */
  get isOn(): boolean {
    return this.#switch.checked;
  }

  /** True when the visitor may send files. */
  set isOffered(isOffered: boolean) {
    set(this.#label, { hidden: !isOffered });
  }

  /** How many files are held back. */
  get count(): number {
    return this.#held.size;
  }

  /** Notes that a file is held back. */
  hold(upload: QueuedUpload): void {
    if (upload.state === "paused") this.#held.add(upload);
  }

  /** Notes the new state of an upload. One that has begun, or was taken out, is held no more. */
  note(upload: QueuedUpload): void {
    if (upload.state !== "paused") this.#held.delete(upload);
  }

  isHeld(upload: QueuedUpload): boolean {
    return this.#held.has(upload);
  }

  /** Sends everything that is held back. */
  sendAll(): void {
    for (const upload of [...this.#held]) upload.resume();
  }
}
