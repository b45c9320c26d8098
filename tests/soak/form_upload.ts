import { BOUNDARY, formBytes, type Line as FormLine } from "../support/form.ts";
import { head } from "../support/raw.ts";
import type { Random } from "../support/random.ts";
import type { KeptFile } from "./finished.ts";
import { openLine, turnBytes } from "./line.ts";
import type { Plan, PlannedFile } from "./plan.ts";
import type { Journey, Town } from "./town.ts";
import { drawBreak } from "./upload.ts";

/** The errors in a line of an answer after which a file is sent again. */
const GO_ON = ["disconnected", "idle", "shutdown", "taken-over", "locked", "wrong-offset", "too-many"];

/** Many small files in one request. After a break it asks which of them are there, and sends the others. */
export class FormUpload implements Journey {
  readonly #town: Town;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #locations = new Map<PlannedFile, string>();
  #isBegun = false;

  constructor(town: Town, plan: Plan, random: Random) {
    this.#town = town;
    this.#plan = plan;
    this.#random = random;
  }

  get isFinished(): boolean {
    return this.#locations.size === this.#plan.files.length;
  }

  files(): KeptFile[] {
    this.#town.account.formFiles += this.#locations.size;
    return [...this.#locations].map(([{ id, source }, location]) => ({ source, location, about: `${id} (of a form)` }));
  }

  async goOn(): Promise<void> {
    if (this.#isBegun) { for (const file of this.#missing()) await this.#ask(file); }
    this.#isBegun = true;
    if (!this.isFinished) await this.#send(this.#missing());
  }

  #missing(): PlannedFile[] {
    return this.#plan.files.filter((file) => !this.#locations.has(file));
  }

  async #ask(file: PlannedFile): Promise<void> {
    using line = await this.#open();
    await line.say(head("GET /status", { "X-File-Id": file.id }));
    const { status, headers } = await line.connection.answer();
    if (status === 200 && headers.get("upload-complete") === "?1") {
      this.#finish(file, Number(headers.get("upload-offset")), headers.get("location"));
    }
  }

  async #send(files: readonly PlannedFile[]): Promise<void> {
    const { account } = this.#town;
    const form = formBytes(files.map(({ id, name, source }) => ({
      name,
      body: source.bytes(),
      headers: { "X-File-Id": id, "X-File-Size": String(source.size) },
    })));
    using line = await this.#open(form.length);
    await line.say(head("POST /upload", {
      "Accept": "application/jsonl",
      "Connection": "close",
      "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`,
      "Content-Length": form.length,
    }));
    const end = await line.send(cut(form, turnBytes(this.#plan.bytesPerSecond)), {
      inChunks: false,
      onSend: (bytes) => void (account.sentBytes += bytes),
    });
    if (end === "cut") account.cuts++;
    if (end === "broken") return void account.breaks++;
    for (const [text] of (await line.connection.closed()).matchAll(/^\{.*\}$/gm)) this.#hear(files, JSON.parse(text));
  }

  #hear(files: readonly PlannedFile[], line: FormLine): void {
    const file = line.part === undefined ? undefined : files[line.part];
    if (file === undefined) return;
    if (line.complete) return this.#finish(file, line.offset ?? 0, line.location ?? null);
    if (!GO_ON.includes(line.error ?? "")) this.#town.account.fault(`${file.id} (of a form): ${JSON.stringify(line)}`);
  }

  #finish(file: PlannedFile, offset: number, location: string | null): void {
    const { account } = this.#town;
    account.acknowledgements++;
    if (offset !== file.source.size || location === null) account.fault(`${file.id} (of a form) has ${offset} bytes`);
    this.#locations.set(file, location ?? "");
  }

  async #open(bytes = 0) {
    const { port, stop } = this.#town;
    const breaks = drawBreak(this.#random, bytes);
    return await openLine(port, { bytesPerSecond: this.#plan.bytesPerSecond, breaks, signal: stop });
  }
}

function* cut(bytes: Uint8Array, most: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += most) yield bytes.subarray(at, at + most);
}
