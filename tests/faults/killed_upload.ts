import { assert, assertEquals } from "@std/assert";
import type { PawlProcess } from "../support/process.ts";
import type { Random } from "../support/random.ts";
import { connect, head, postHead, type RawAnswer } from "../support/raw.ts";
import { sha256OfStream } from "../support/sources.ts";
import { digestHeader, type Plan, traitOf } from "./kill_plan.ts";

/** The numbers of a run so far. */
export interface Tally {
  /** How many offsets that the server told were held against what it had told before. */
  counts: number;
  /** How many bytes of finished files were compared. */
  bytes: number;
}

/** Events that clients report while they work, so that the server can be killed at a bad moment. */
export type OnEvent = (event: "sent" | "answered") => void;

/**
 * One upload to a server that is killed again and again. It holds the server to what it has acknowledged: an offset
 * that is less than an earlier one, or more than was sent, throws, and so does every other answer that cannot be.
 */
export class KilledUpload {
  readonly plan: Plan;
  state: "under-way" | "finished" | "removed" | "given-up" = "under-way";
  /** How many more files than one there may be: requests that came whole, and whose answers were lost. */
  spareCopies = 0;
  readonly #random: Random;
  readonly #tally: Tally;
  #location = "";
  #acknowledged = 0;
  /** The end of the furthest byte that was sent; `undefined` before the first request. */
  #sent: number | undefined;
  #isTerminating = false;
  /** It has asked for its file to be removed, and may not have heard that it is. */
  #isRemoving = false;
  /** A damaged body was cut off: what was kept of it nobody has looked at. */
  #isSuspect = false;
  #mustStartOver = false;

  constructor(plan: Plan, random: Random, tally: Tally) {
    this.plan = plan;
    this.#random = random;
    this.#tally = tally;
  }

  /** The text by which its finished file is recognised. */
  get trait(): string {
    return traitOf(this.plan.headers["X-File-Name"] ?? "", this.plan.source);
  }

  /**
   * A finished file of it that was there may be gone: its client wants that, or has begun anew before it had heard that
   * the file is finished.
   */
  get mayVanish(): boolean {
    const { careless, damage, source } = this.plan;
    return this.#isRemoving || this.#isTerminating || careless || damage > 0 || source.size === 0;
  }

  /** Its next request makes another file where one is finished: it starts at byte 0, and says nothing against that. */
  get #isBlind(): boolean {
    const { careless, chunked, sized, source } = this.plan;
    return careless || this.#mustStartOver || (source.size === 0 && chunked && !sized);
  }

  /** Goes on to the end that the plan says. Throws when the server dies, and what it does wrong. */
  async goOn(pawl: PawlProcess, onEvent: OnEvent): Promise<void> {
    const { size } = this.plan.source;
    const asks = this.state === "under-way" && this.#sent !== undefined && !this.plan.careless && !this.#mustStartOver;
    let from = asks ? await this.#ask(pawl) : 0;
    while (this.state === "under-way") {
      if (this.#isTerminating || (this.plan.fate === "terminate" && from > size / 2)) {
        await this.#terminate(pawl, onEvent);
      } else from = await this.#send(pawl, from, onEvent);
    }
    if (this.state === "finished" && this.plan.fate === "remove") await this.#remove(pawl, onEvent);
  }

  /** Looks, after a restart, at whether all is still so as it was acknowledged. */
  async check(pawl: PawlProcess, withBytes: boolean): Promise<void> {
    const { size } = this.plan.source;
    if (this.state === "under-way") {
      if (this.#sent !== undefined) await this.#ask(pawl);
      return;
    }
    const { count, complete, location } = await this.#status(pawl);
    const isThere = this.state === "finished" && (!this.#isRemoving || complete);
    assertEquals([count, complete], isThere ? [size, true] : [0, false], this.about("tells another offset"));
    if (isThere) assertEquals(location, this.#location, this.about("has become another one"));
    if (!withBytes || this.#isRemoving || this.#location === "") return;
    const response = await fetch(`${pawl.url}${this.#location}`);
    if (!isThere) {
      await response.body?.cancel();
      return assert([404, 410].includes(response.status), this.about("is there again"));
    }
    const kept = await sha256OfStream(response.body!);
    assertEquals(kept, { sha256: this.plan.source.sha256, size }, this.about("has other bytes"));
    this.#tally.bytes += size;
  }

  /** The count that the server tells; sees to it that it may be so. */
  async #ask(pawl: PawlProcess): Promise<number> {
    const { count, complete, location } = await this.#status(pawl);
    if (count === 0 && this.#isTerminating) this.state = "given-up";
    else this.#note(count);
    if (complete) this.#finish(count, location);
    // By one of the requests whose answers were lost.
    if (complete && this.spareCopies > 0) this.spareCopies--;
    return count;
  }

  async #status({ url }: PawlProcess): Promise<{ count: number; complete: boolean; location: string }> {
    const response = await fetch(`${url}/status`, { headers: { "X-File-Id": this.plan.id } });
    const text = await response.text();
    assertEquals([response.status, response.headers.get("upload-offset")], [200, text], this.about("is not told"));
    return {
      count: Number(text),
      complete: response.headers.get("upload-complete") === "?1",
      location: response.headers.get("location") ?? "",
    };
  }

  #note(count: number): void {
    this.#tally.counts++;
    const isKept = count >= this.#acknowledged;
    assert(isKept, this.about(`has ${count} bytes of the ${this.#acknowledged} acknowledged`));
    assert(count <= (this.#sent ?? 0), this.about(`has ${count} bytes, and ${this.#sent} were sent`));
    // A client that is about to start over does not go on from this offset.
    if (!this.plan.careless && !this.#mustStartOver) this.#acknowledged = count;
  }

  #finish(count: number, location: string): void {
    assertEquals(count, this.plan.source.size, this.about("is finished too early"));
    assert(!this.#isSuspect || this.plan.headers["Repr-Digest"] !== undefined, this.about("may have wrong bytes"));
    this.#location = location;
    this.state = "finished";
  }

  /** Sends one body; returns where the next one starts. */
  async #send(pawl: PawlProcess, from: number, onEvent: OnEvent): Promise<number> {
    const { source, bodyBytes, bodyDigest, damage, chunked, headers } = this.plan;
    const end = Math.min(source.size, from + bodyBytes);
    const isDamaged = end > from && this.#random.chance(damage);
    const wasSuspect = this.#isSuspect;
    this.#isSuspect ||= isDamaged;
    using connection = await connect(pawl.port);
    const length = chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": end - from };
    const digest = bodyDigest && { "Content-Digest": digestHeader(source.pieces(from, end)) };
    this.#sent ??= 0;
    await connection.send(postHead(this.plan.id, { "X-Start-Byte": from, ...headers, ...length, ...digest }));
    for await (const piece of this.#pieces(from, end, isDamaged)) {
      if (!await connection.send(piece)) throw new Error("The connection is cut");
    }
    onEvent("sent");
    if (this.#isBlind) this.spareCopies++;
    const answer = await connection.answer();
    if (this.#isBlind) this.spareCopies--;
    onEvent("answered");
    if (isDamaged) {
      this.#isSuspect = wasSuspect;
      assertEquals([answer.status, answer.headers.get("upload-offset")], [400, String(from)], this.about(answer.body));
      this.#note(from);
      return from;
    }
    return this.#read(answer, from, end);
  }

  /** Reads the answer to a whole and undamaged body. */
  #read({ status, headers, body }: RawAnswer, from: number, end: number): number {
    const { size } = this.plan.source;
    if (status === 400 && this.#isSuspect && body.startsWith("The whole file does not have")) {
      this.#acknowledged = 0;
      this.#mustStartOver = true;
      return 0;
    }
    const isLast = end === size;
    assertEquals([status, body], [200, isLast ? `Success ${size}` : String(end)], this.about("is answered wrongly"));
    assertEquals(headers.get("upload-offset"), String(end), this.about("is answered wrongly"));
    this.#note(end);
    if (from === 0) this.#isSuspect = this.#mustStartOver = false;
    if (!isLast) return end;
    this.#finish(end, headers.get("location") ?? "");
    return end;
  }

  /** The body's bytes, as they are on the wire. */
  async *#pieces(from: number, end: number, isDamaged: boolean): AsyncGenerator<string | Uint8Array> {
    const { source, chunked, pieceBytes, pauseMs } = this.plan;
    let at = from;
    for (const piece of source.pieces(from, end, pieceBytes)) {
      at += piece.length;
      this.#sent = Math.max(this.#sent ?? 0, at);
      const bytes = isDamaged && at === end ? piece.with(piece.length - 1, piece.at(-1)! ^ 1) : piece;
      if (chunked) yield `${bytes.length.toString(16)}\r\n`;
      yield bytes;
      if (chunked) yield "\r\n";
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    if (chunked) yield "0\r\n\r\n";
  }

  async #terminate(pawl: PawlProcess, onEvent: OnEvent): Promise<void> {
    this.#isTerminating = true;
    const status = await this.#delete(pawl, "/upload", onEvent);
    if (status === 204) {
      this.state = "given-up";
    } else {
      // With all its bytes there, the server may have finished it since it told how many it has.
      await this.#ask(pawl);
      assertEquals([status, this.state], [409, "finished"], this.about("cannot be terminated"));
    }
  }

  async #remove(pawl: PawlProcess, onEvent: OnEvent): Promise<void> {
    const isRepeated = this.#isRemoving;
    this.#isRemoving = true;
    const status = await this.#delete(pawl, this.#location, onEvent);
    assert(status === 204 || (isRepeated && status === 410), this.about(`cannot be removed: ${status}`));
    this.state = "removed";
  }

  async #delete({ port }: PawlProcess, path: string, onEvent: OnEvent): Promise<number> {
    using connection = await connect(port);
    await connection.send(head(`DELETE ${path}`, { "X-File-Id": this.plan.id }));
    onEvent("sent");
    return (await connection.answer()).status;
  }

  /** Says that this upload has a problem. */
  about(problem: string): string {
    const { source, ...plan } = this.plan;
    return `The upload ${JSON.stringify({ ...plan, size: source.size, state: this.state })} ${problem}`;
  }
}
