import { assert } from "@std/assert";
import { type LossyDisk, PowerLost } from "../support/lossy_disk.ts";
import type { LossyPawl } from "../support/lossy_pawl.ts";
import { type Answer, pieces, type SimpleClient, simpleClient } from "../support/simple_client.ts";
import type { Ledger, SentFile } from "./ledger.ts";

/** A client whose every answer goes into a ledger; each call throws `PowerLost` when the server has gone meanwhile. */
export class Sender {
  readonly disk: LossyDisk;
  readonly pawl: LossyPawl;
  readonly ledger: Ledger;
  /** Called with each answer that a client would have got. */
  onAnswer: (method: string, answer: Answer) => void = () => {};
  readonly #client: SimpleClient;
  readonly #bodies: OpenBody[] = [];
  #underWay = 0;

  constructor(parts: { disk: LossyDisk; pawl: LossyPawl; ledger: Ledger }) {
    this.disk = parts.disk;
    this.pawl = parts.pawl;
    this.ledger = parts.ledger;
    this.#client = simpleClient(parts.pawl.app);
  }

  /** Sends `body`, or the rest of the file; a start of 0 begins anew. */
  async send(
    file: SentFile,
    start: number,
    body: BodyInit | null = file.content.slice(start),
    headers: HeadersInit = {},
  ): Promise<Answer> {
    if (start === 0) this.ledger.letGo(file);
    const all = new Headers(file.headers);
    new Headers(headers).forEach((value, name) => all.set(name, value));
    return await this.#acknowledged("POST", file, () => this.#client.send(file.id, start, body, all));
  }

  /** Sends zeros from `start` to `to` that are not the file's: a digest among the headers tells so, or their length. */
  async sendWrong(file: SentFile, start: number, to: number, headers: Record<string, string>): Promise<Answer> {
    const untilFinished = new Headers({ ...file.headers, ...headers }).has("repr-digest");
    this.ledger.doubt(file, { from: start, to, untilFinished });
    const parts = Array.from({ length: Math.ceil((to - start) / 20) }, (_, at) => {
      return new Uint8Array(Math.min(20, to - start - at * 20));
    });
    const answer = await this.send(file, start, pieces(...parts), headers);
    // Any other answer is to a body that was not received or not checked whole: what came of it may stay.
    if (/digest|^More bytes/.test(answer.text)) this.ledger.sure(file);
    return answer;
  }

  /** Asks how much is there; 0 where the server does not know. */
  async status(file: SentFile): Promise<{ count: number; isKnown: boolean; location: string | undefined }> {
    const answer = await this.#acknowledged("GET", file, () => this.#client.status(file.id));
    const isComplete = answer.headers.get("upload-complete") === "?1";
    const location = isComplete ? answer.headers.get("location") ?? undefined : undefined;
    const isKnown = answer.status === 200;
    return { count: isKnown ? Number(answer.text) : 0, isKnown, location };
  }

  async terminate(file: SentFile): Promise<Answer> {
    // A finished upload refuses to be terminated, so the client still owns it.
    this.ledger.letGo(file);
    const id = this.disk.tables.clients.get(JSON.stringify(["anonymous", file.id]));
    const answer = await this.#alive("DELETE", () => this.#client.terminate(file.id));
    if (answer.status === 204 && id !== undefined) this.ledger.assertRemoved(id, this.disk);
    return answer;
  }

  async remove(file: SentFile, location: string): Promise<void> {
    this.ledger.letGo(file);
    this.ledger.removing(file, location);
    const { status } = await this.#alive("DELETE", async () => {
      const { status, headers } = await this.pawl.app(new Request(`http://localhost${location}`, { method: "DELETE" }));
      return { status, headers, text: "" };
    });
    // Gone: an earlier request has removed it, or has found it removed.
    if (status === 204 || status === 404 || status === 410) this.ledger.removed(location);
  }

  async repair(): Promise<void> {
    await this.pawl.repair();
    this.#assertAlive();
  }

  async sweep(): Promise<void> {
    await this.pawl.sweep();
    this.#assertAlive();
  }

  /** How many requests wait for their answers. */
  get underWay(): number {
    return this.#underWay;
  }

  /** A body that goes on when it is told to. */
  openBody(): OpenBody {
    const body = new OpenBody();
    this.#bodies.push(body);
    return body;
  }

  /** Ends all bodies that are open. */
  end(): void {
    for (const body of this.#bodies) body.end();
  }

  async #acknowledged(method: string, file: SentFile, ask: () => Promise<Answer>): Promise<Answer> {
    const asked = this.ledger.asked(file);
    const answer = await this.#alive(method, ask);
    this.ledger.answered(file, answer, this.disk, asked);
    return answer;
  }

  async #alive(method: string, ask: () => Promise<Answer>): Promise<Answer> {
    this.#underWay++;
    try {
      const answer = await ask();
      this.#assertAlive();
      this.onAnswer(method, answer);
      return answer;
    } finally {
      this.#underWay--;
    }
  }

  #assertAlive(): void {
    if (this.disk.isDead) throw new PowerLost();
  }
}

/** A body whose pieces come when a test sends them. */
export class OpenBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;

  constructor() {
    this.stream = new ReadableStream({ start: (controller) => void (this.#controller = controller) });
  }

  send(...pieces: Uint8Array<ArrayBuffer>[]): void {
    for (const piece of pieces) this.#controller?.enqueue(piece);
  }

  end(): void {
    try {
      this.#controller?.close();
    } catch {
      // The server has cancelled it, or it has ended already.
    }
    this.#controller = undefined;
  }
}

/** Waits for all, whatever becomes of them; then throws the first that has failed. */
export async function together(...promises: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(promises)).find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Sends what is missing of a file until it is finished, or removes what there is of it, as its client wants it. */
export async function proceed(sender: Sender, file: SentFile): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const { count, location } = await sender.status(file);
    if (file.wanted === "removed") {
      const begun = location ?? sender.ledger.unanswered(file);
      if (begun !== undefined) await sender.remove(file, begun);
      else await sender.terminate(file);
      if ((await sender.status(file)).count === 0) return;
    } else {
      if (location !== undefined) return;
      const { status, text } = await sender.send(file, count);
      if (status === 400 && text.endsWith("from byte 0")) await sender.send(file, 0);
    }
  }
  assert(false, `${file.id} does not come to its end`);
}
