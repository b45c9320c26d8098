import { delay } from "@std/async/delay";
import { type Break, type Line, openLine, turnBytes } from "../../soak/line.ts";
import type { Random } from "../../support/random.ts";
import { sha256OfStream, Source } from "../../support/sources.ts";
import type { ChaosAccount } from "./account.ts";
import type { ChaosSite } from "./site.ts";
import { type Protocol, type Told, type Words, wordsOf } from "./words.ts";

export interface ClientDeps {
  readonly site: Pick<ChaosSite, "instances">;
  readonly account: ChaosAccount;
  readonly random: Random;
  /** Aborts when no further file is begun. */
  readonly stop: AbortSignal;
  /** Aborts when nobody waits any longer for what was begun. */
  readonly over: AbortSignal;
}

/** How long a client waits for an answer, in milliseconds. Then it goes on elsewhere. */
const PATIENCE_MS = 20_000;

/** The refusals after which a client asks and goes on: a cut, a conflict, a lock, a server that is away. */
const GO_ON = [408, 409, 423, 503];

/** The names that files of all clients have: a name is free again as soon as its file is removed. */
const COMMON_NAMES = ["one.bin", "two.bin"] as const;

const MIB = 2 ** 20;

/** Sends one file after the other, compares each and removes it. */
export async function runClient(name: string, protocol: Protocol, deps: ClientDeps): Promise<void> {
  for (let number = 1; !deps.stop.aborted; number++) {
    const file = new ClientFile(`${name}-${number}`, protocol, deps);
    try {
      await file.run();
    } catch (error) {
      // Only the end of all patience comes here.
      return deps.account.fault(`${file.about} is stuck: ${error}`);
    }
  }
}

/** One file of a client, of which each request goes to any instance. */
class ClientFile {
  readonly about: string;
  readonly #id: string;
  readonly #source: Source;
  readonly #words: Words;
  readonly #deps: ClientDeps;
  readonly #bytesPerSecond: number;
  #location: string | undefined;
  #isBegun = false;
  #isComplete = false;
  /** The furthest offset that an answer has told, and the end of the furthest byte that was sent. */
  #acknowledged = 0;
  #sent = 0;
  /** Lines that fell silent. */
  #silent = new DisposableStack();
  #trouble: unknown;

  constructor(id: string, protocol: Protocol, deps: ClientDeps) {
    const { random } = deps;
    this.#id = id;
    this.#deps = deps;
    this.#source = new Source(drawSize(random), random.integer(0, 4 * MIB));
    const name = random.chance(0.5) ? id : random.pick(COMMON_NAMES);
    this.#words = wordsOf(protocol, { id, name, size: this.#source.size });
    this.#bytesPerSecond = random.pick([MIB, 8 * MIB, 64 * MIB]);
    this.about = `${id} (${protocol}, ${this.#source.size} bytes)`;
  }

  async run(): Promise<void> {
    using _silent = { [Symbol.dispose]: () => this.#silent.dispose() };
    await this.#untilDone(async () => {
      await this.#goOn();
      return this.#isComplete;
    });
    await this.#untilDone(() => this.#compare());
    await this.#untilDone(() => this.#remove());
  }

  /** Tries again and again. Throws when nobody waits any longer. */
  async #untilDone(attempt: () => Promise<boolean>): Promise<void> {
    const { over, random } = this.#deps;
    for (;;) {
      if (over.aborted) throw this.#trouble;
      try {
        if (await attempt()) return;
      } catch (error) {
        // The request that the end of all patience cuts off tells nothing.
        if (!over.aborted) this.#trouble = error;
        await delay(random.integer(10, 300));
      }
    }
  }

  async #goOn(): Promise<void> {
    const { begin } = this.#words;
    let offset = 0;
    if (this.#isBegun) {
      const told = await this.#ask();
      if (this.#isComplete) return;
      offset = told.offset;
    } else if (begin !== undefined) {
      await this.#exchange(begin);
    }
    this.#isBegun = true;
    const { random } = this.#deps;
    const { size } = this.#source;
    const end = random.chance(0.6) ? size : random.integer(Math.min(offset + 1, size), size);
    if (!random.chance(0.1)) return await this.#send(offset, end);
    // As a load balancer does that repeats a request.
    const [one, two] = await Promise.allSettled([this.#send(offset, end), this.#send(offset, end)]);
    if (one.status === "rejected" && two.status === "rejected") throw one.reason;
  }

  async #ask(): Promise<Told> {
    const told = await this.#exchange(this.#words.ask(this.#location));
    this.#silent.dispose();
    this.#silent = new DisposableStack();
    return told;
  }

  /** Sends a request without a body. */
  async #exchange(request: string): Promise<Told> {
    const acknowledged = this.#acknowledged;
    using line = await this.#open();
    await line.say(request);
    return await this.#read(line, acknowledged, request.startsWith("HEAD ") ? "HEAD" : undefined);
  }

  async #send(offset: number, end: number): Promise<void> {
    const acknowledged = this.#acknowledged;
    using stack = new DisposableStack();
    const breaks = drawBreak(this.#deps.random, end - offset);
    const line = stack.use(await this.#open(breaks));
    if (!await line.say(this.#words.send(offset, end, this.#location))) throw new Error("The line was cut");
    let at = offset;
    const how = await line.send(this.#source.pieces(offset, end, turnBytes(this.#bytesPerSecond)), {
      inChunks: false,
      onSend: (bytes) => {
        at += bytes;
        this.#sent = Math.max(this.#sent, at);
      },
    });
    if (how !== "broken") return void await this.#read(line, acknowledged);
    this.#deps.account.broke(`${breaks!.how} of a client`);
    if (breaks!.how === "silence") this.#silent.use(stack.move());
  }

  /** Reads an answer to a request that was sent when so many bytes were acknowledged. Throws a refusal. */
  async #read(line: Line, acknowledged: number, to?: "HEAD"): Promise<Told> {
    const { account } = this.#deps;
    const answer = await line.connection.answer(to);
    const told = this.#words.read(answer);
    if (told === undefined) throw this.#refusal(answer.status, answer.body);
    const { offset, isComplete } = told;
    account.offsets++;
    if (offset < acknowledged) {
      account.fault(`${this.about} has ${offset} bytes, and ${acknowledged} were acknowledged`);
    }
    if (offset > this.#sent) account.fault(`${this.about} has ${offset} bytes, and ${this.#sent} were sent`);
    if (isComplete && offset !== this.#source.size) account.fault(`${this.about} is complete with ${offset} bytes`);
    this.#acknowledged = Math.max(this.#acknowledged, offset);
    this.#location = told.location ?? this.#location;
    this.#isComplete ||= isComplete;
    return told;
  }

  #refusal(status: number, body: string): Error {
    const line = `${status} ${body.slice(0, 200)}`;
    // By the simple protocol another offset than the server's is this.
    const isToGoOn = GO_ON.includes(status) || body.startsWith("Wrong start byte");
    if (!isToGoOn) this.#deps.account.fault(`${this.about} is answered with ${line} at ${this.#location}`);
    return new Error(line);
  }

  async #compare(): Promise<boolean> {
    const { account } = this.#deps;
    const response = await this.#fetch("GET");
    if (response.status !== 200) throw this.#refusal(response.status, await response.text());
    const { sha256, size } = await sha256OfStream(response.body!);
    account.files++;
    account.bytes += size;
    if (size !== this.#source.size || sha256 !== this.#source.sha256) {
      account.fault(`${this.about} has other bytes than were sent: ${size} of them`);
    }
    return true;
  }

  async #remove(): Promise<boolean> {
    const response = await this.#fetch("DELETE");
    const body = await response.text();
    // The answer to an earlier attempt may have been lost.
    if ([204, 404, 410].includes(response.status)) return true;
    throw this.#refusal(response.status, body);
  }

  async #fetch(method: string): Promise<Response> {
    this.#deps.account.requests++;
    return await fetch(`http://127.0.0.1:${this.#port()}${this.#location}`, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }

  async #open(breaks?: Break): Promise<Line> {
    this.#deps.account.requests++;
    const signal = AbortSignal.any([this.#deps.over, AbortSignal.timeout(PATIENCE_MS)]);
    return await openLine(this.#port(), { bytesPerSecond: this.#bytesPerSecond, breaks, signal });
  }

  #port(): number {
    const { site: { instances }, random } = this.#deps;
    const port = instances[random.integer(0, instances.length - 1)]!.port();
    if (port === undefined) throw new Error("This instance is not there now");
    return port;
  }
}

/** As many small files as large ones; a large one has up to three parts of a multipart upload. */
function drawSize(random: Random): number {
  if (random.chance(0.4)) return random.integer(1, 64 * 1024);
  return random.integer(1, random.chance(0.5) ? 3 * MIB : 28 * MIB);
}

function drawBreak(random: Random, bytes: number): Break | undefined {
  if (bytes < 2 || random.chance(0.7)) return undefined;
  return { afterBytes: random.integer(1, bytes - 1), how: random.chance(0.5) ? "close" : "silence" };
}
