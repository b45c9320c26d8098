import type { Random } from "../support/random.ts";
import { Promises } from "./account.ts";
import type { KeptFile } from "./finished.ts";
import { type Break, type Line, openLine, turnBytes } from "./line.ts";
import type { Plan, PlannedFile } from "./plan.ts";
import { simpleWords, type Told, tusWords, type Words } from "./protocols.ts";
import type { Journey, Town, Unfinished } from "./town.ts";

/** The statuses that tell a client to ask for the offset and go on: a break, a conflict, a server that restarts. */
const GO_ON = [408, 409, 423, 503];

/** One file on its way by the simple protocol or by tus. Goes on after every break from the offset that it asks for. */
export class FileUpload implements Journey, Unfinished {
  readonly file: PlannedFile;
  readonly promises: Promises;
  location: string | undefined;
  isFinished = false;
  #town: Town;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #words: Words;
  /** The lines that fell silent, until the next answer has taken the upload over from them. */
  #silent = new DisposableStack();
  #isBegun = false;

  constructor(town: Town, plan: Plan, random: Random) {
    const [file] = plan.files;
    if (file === undefined) throw new TypeError("A plan has no file");
    this.file = file;
    this.#town = town;
    this.#plan = plan;
    this.#random = random;
    this.promises = new Promises(town.account, this.about);
    this.#words = (plan.protocol === "tus" ? tusWords : simpleWords)(file, plan.isPiped);
  }

  get about(): string {
    const { protocol, isPiped } = this.#plan;
    return `${this.file.id} (${protocol}${isPiped ? ", piped" : ""}, ${this.file.source.size} bytes)`;
  }

  async goOn(): Promise<void> {
    const { begin } = this.#words;
    let offset = 0;
    if (this.#isBegun) {
      const told = await this.#exchange(this.#words.ask(this.location));
      if (told === undefined || this.isFinished) return;
      offset = told.offset;
    } else if (begin !== undefined) {
      this.location = (await this.#exchange(begin))?.location;
      if (this.location === undefined) return;
    }
    this.#isBegun = true;
    await this.#send(offset);
  }

  files(): KeptFile[] {
    return [{ source: this.file.source, location: this.location ?? "", about: this.about }];
  }

  async askIn(town: Town): Promise<Told | undefined> {
    this.#town = town;
    return this.#isBegun ? await this.#exchange(this.#words.ask(this.location)) : undefined;
  }

  /** Sends a request without a body, and reads its answer. */
  async #exchange(request: string): Promise<Told | undefined> {
    using line = await this.#open(undefined);
    await line.say(request);
    const told = await this.#read(line, request.startsWith("HEAD ") ? "HEAD" : undefined);
    this.#silent.dispose();
    this.#silent = new DisposableStack();
    return told;
  }

  async #send(offset: number): Promise<void> {
    const { source } = this.file;
    const { isPiped, bytesPerSecond } = this.#plan;
    const { account } = this.#town;
    if (this.#words.endsApart && offset === source.size) {
      await this.#exchange(this.#words.end(this.location));
      return;
    }
    using stack = new DisposableStack();
    const breaks = drawBreak(this.#random, source.size - offset);
    const line = stack.use(await this.#open(breaks));
    if (!await line.say(this.#words.send(offset, this.location))) return;
    let at = offset;
    const end = await line.send(source.pieces(offset, source.size, turnBytes(bytesPerSecond)), {
      inChunks: isPiped,
      onSend: (bytes) => {
        at += bytes;
        this.promises.sent = Math.max(this.promises.sent, at);
        account.sentBytes += bytes;
      },
    });
    if (end === "cut") account.cuts++;
    if (end === "broken") {
      account.breaks++;
      if (breaks?.how !== "silence") return;
      account.takeOvers++;
      return void this.#silent.use(stack.move());
    }
    if (isPiped && end === "sent") await line.say("0\r\n\r\n");
    await this.#read(line);
  }

  async #read(line: Line, to?: "HEAD"): Promise<Told | undefined> {
    const answer = await line.connection.answer(to);
    const told = this.#words.read(answer);
    const { status, body } = answer;
    if (told === undefined) {
      // A request that was cut off may still have been written to when the offset was told.
      if (GO_ON.includes(status) || body.startsWith("Wrong start byte")) throw new Error(`${status} ${body}`);
      this.#town.account.fault(`${this.about} is answered with ${status}: ${body}`);
      throw new Error(body);
    }
    if (!this.promises.take(told.offset)) return undefined;
    // An upload without a byte that is begun again is another one.
    this.location = told.location ?? this.location;
    if (told.isComplete && told.offset !== this.file.source.size) {
      this.#town.account.fault(`${this.about} is finished with ${told.offset} bytes`);
    }
    this.isFinished = told.isComplete;
    return told;
  }

  async #open(breaks: Break | undefined): Promise<Line> {
    const { port, stop } = this.#town;
    return await openLine(port, { bytesPerSecond: this.#plan.bytesPerSecond, breaks, signal: stop });
  }
}

/** Draws where a connection breaks, if it does: in half of all cases, somewhere among its bytes. */
export function drawBreak(random: Random, bytes: number): Break | undefined {
  if (bytes < 2 || random.chance(0.5)) return undefined;
  return { afterBytes: random.integer(1, bytes - 1), how: random.chance(0.7) ? "close" : "silence" };
}
