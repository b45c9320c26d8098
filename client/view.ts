import { Milestones } from "./milestones.ts";
import { statusText } from "./status_text.ts";
import type { Progress, UploadState } from "./uploader.ts";
import { createWords } from "./words.ts";

const REDRAW_SECONDS = 0.1;
const RUNNING: ReadonlySet<UploadState> = new Set(["asking", "sending", "waiting"]);

/** The page's elements, and what they show. */
export class View {
  readonly form = find("form", HTMLFormElement);
  readonly file = find("file", HTMLInputElement);
  readonly stop = find("stop", HTMLButtonElement);
  readonly #upload = find("upload", HTMLButtonElement);
  readonly #details = find("details", HTMLElement);
  readonly #name = find("name", HTMLElement);
  readonly #size = find("size", HTMLElement);
  readonly #percent = find("percent", HTMLElement);
  readonly #progress = find("progress", HTMLProgressElement);
  readonly #safe = find("safe", HTMLElement);
  readonly #confirmed = find("confirmed", HTMLElement);
  readonly #sent = find("sent", HTMLElement);
  readonly #speed = find("speed", HTMLElement);
  readonly #left = find("left", HTMLElement);
  readonly #error = find("error", HTMLElement);
  readonly #status = find("status", HTMLElement);
  readonly #milestone = find("milestone", HTMLElement);
  readonly #result = find("result", HTMLElement);
  readonly #link = find("link", HTMLAnchorElement);
  readonly #words = createWords(document.documentElement.lang);
  readonly #title = document.title;
  #milestones = new Milestones(0);
  #state: UploadState = "ready";
  #drawnAt = 0;
  #startedAt = 0;

  /** Whether the upload that is shown has ended before the whole file was sent. */
  get isUnfinished(): boolean {
    return this.#state === "stopped" || this.#state === "failed";
  }

  /** Shows the chosen file, or none. */
  showFile(file: File | undefined): void {
    this.#details.hidden = file === undefined;
    this.#name.textContent = file?.name ?? "";
    this.#size.textContent = file === undefined ? "" : this.#words.bytes(file.size);
    this.#result.hidden = true;
    this.showError("");
    this.#say("");
    if (file !== undefined) {
      const total = file.size;
      this.show({ state: "ready", confirmed: 0, sent: 0, total, bytesPerSecond: 0, secondsLeft: undefined });
    }
  }

  /** Shows where the upload stands: each change of the state at once, numbers some times a second. */
  show(progress: Progress): void {
    const now = performance.now() / 1000;
    const { state } = progress;
    const changed = state !== this.#state;
    if (!changed && state === "sending" && now - this.#drawnAt < REDRAW_SECONDS) return;
    if (changed && !RUNNING.has(this.#state)) this.#milestones = new Milestones(now);
    if (changed && state === "sending") this.#startedAt = progress.confirmed;
    this.#state = state;
    this.form.dataset.state = state;
    this.#drawnAt = now;
    this.#drawNumbers(progress);
    this.#switchControls(progress);
    this.#say(statusText(progress, this.#startedAt, this.#words) ?? this.#status.textContent);
    if (this.#milestones.isDue(progress, now)) {
      this.#milestone.textContent = `${this.#words.percent(progress.sent, progress.total)} sent`;
    }
  }

  /** Shows what is wrong and what to do about it, in one line; nothing takes it away. */
  showError(message: string): void {
    this.#error.textContent = message;
  }

  /** Shows the way to the finished file. */
  showResult(url: string, name: string): void {
    const isolated = document.createElement("bdi");
    isolated.textContent = name;
    this.#link.replaceChildren("Download ", isolated);
    this.#link.href = url;
    this.#result.hidden = false;
  }

  #drawNumbers({ state, sent, confirmed, total, bytesPerSecond, secondsLeft }: Progress): void {
    const words = this.#words;
    // An empty file has no part and no whole: it is there, or it is not.
    this.#progress.max = total || 1;
    this.#progress.value = total === 0 && state === "done" ? 1 : sent;
    this.#safe.style.setProperty("--safe", String(total === 0 ? this.#progress.value : confirmed / total));
    this.#confirmed.textContent = words.bytes(confirmed);
    this.#sent.textContent = words.bytes(sent);
    const percent = words.percent(this.#progress.value, this.#progress.max);
    this.#percent.textContent = percent;
    this.#speed.textContent = bytesPerSecond > 0 ? words.speed(bytesPerSecond) : "–";
    this.#left.textContent = secondsLeft === undefined ? "–" : words.duration(secondsLeft);
    document.title = RUNNING.has(state) ? `${percent} · ${this.#title}` : this.#title;
  }

  /** A control that is disabled loses the keyboard's focus; the one that takes its place gets it. */
  #switchControls({ state, confirmed }: Progress): void {
    const running = RUNNING.has(state);
    const focused = document.activeElement;
    this.file.disabled = running;
    this.stop.disabled = !running;
    this.#upload.disabled = running || state === "done";
    if (!running) this.#upload.textContent = confirmed > 0 && state !== "done" ? "Resume" : "Upload";
    if (running && (focused === this.#upload || focused === this.file)) this.stop.focus();
    if (!running && focused === this.stop) (state === "done" ? this.#link : this.#upload).focus();
  }

  #say(text: string): void {
    // A live region speaks whenever it is written, also when the text is the same.
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}

function find<T extends HTMLElement>(id: string, type: { new (): T }): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`Cannot show the upload: static/index.html has no #${id}`);
  return element;
}
