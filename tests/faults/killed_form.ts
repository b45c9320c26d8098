import { assert, assertEquals } from "@std/assert";
import type { Line } from "../support/form.ts";
import { BOUNDARY, formBytes } from "../support/form.ts";
import type { PawlProcess } from "../support/process.ts";
import type { Random } from "../support/random.ts";
import { connect, head } from "../support/raw.ts";
import { sha256OfStream, Source } from "../support/sources.ts";
import { digestHeader, traitOf } from "./kill_plan.ts";
import type { OnEvent, Tally } from "./killed_upload.ts";

/** One file of a form that goes to a server which is killed again and again. */
export class KilledFile {
  readonly source: Source;
  readonly id: string;
  readonly #name: string;
  readonly #tally: Tally;
  #neverStartsOver: boolean;
  #location: string | undefined;

  constructor(number: number, random: Random, tally: Tally) {
    const size = random.chance(0.05)
      ? random.integer(60_000, 3_000_000)
      : random.chance(0.1)
      ? 0
      : random.integer(1, 8192);
    this.source = new Source(size, (1_000_000 + number) * 7919);
    this.id = `${number}-form-${size}`;
    this.#name = size > 0 && random.chance(0.3) ? "same.bin" : `form-${number}.bin`;
    this.#neverStartsOver = random.chance(0.5);
    this.#tally = tally;
  }

  /** True when the server has told that the file is finished. */
  get isTold(): boolean {
    return this.#location !== undefined;
  }

  /** The text by which its finished file is recognised. */
  get trait(): string {
    return traitOf(this.#name, this.source);
  }

  /** Its part of a form. */
  part() {
    const headers = {
      "X-File-Id": this.id,
      "Repr-Digest": digestHeader(this.source.pieces(0, this.source.size)),
      ...this.#neverStartsOver && { "X-Start-Over": "?0" },
    };
    return { name: this.#name, body: this.source.bytes(), headers };
  }

  /** Holds a line about the file against what was told before. */
  hear(line: Line): void {
    const { size } = this.source;
    if (line.error === "wrong-offset" && this.#neverStartsOver) {
      // Bytes of it are there, of a form that was cut off: all of them, if the end of its part had not come.
      this.#neverStartsOver = false;
      return assert(!this.isTold && line.offset! <= size, this.about(`was refused: ${JSON.stringify(line)}`));
    }
    assertEquals([line.status, line.complete, line.offset], [200, true, size], this.about(JSON.stringify(line)));
    assert(this.#location === undefined || line.location === this.#location, this.about("was stored twice"));
    this.#location = line.location;
    this.#tally.counts++;
  }

  /** Looks, after a restart, at whether the file is there if it was told. */
  async check({ url }: PawlProcess): Promise<void> {
    const { size, sha256 } = this.source;
    const status = await fetch(`${url}/status`, { headers: { "X-File-Id": this.id } });
    const count = Number(await status.text());
    assert(this.isTold ? count === size : count <= size, this.about(`has ${count} bytes`));
    if (this.#location === undefined) return;
    assertEquals(status.headers.get("location"), this.#location, this.about("has become another one"));
    const { body } = await fetch(`${url}${this.#location}`);
    assertEquals(await sha256OfStream(body!), { sha256, size }, this.about("has other bytes"));
    this.#tally.bytes += size;
  }

  about(problem: string): string {
    return `The file ${this.id}, in a form as "${this.#name}", ${problem}`;
  }
}

/** A client that sends many files in one request, and those that were not told in the next one. */
export class KilledForm {
  readonly files: readonly KilledFile[];
  readonly #random: Random;

  constructor(first: number, random: Random, tally: Tally) {
    this.files = Array.from(
      { length: random.integer(1, 40) },
      (_, index) => new KilledFile(first + index, random, tally),
    );
    this.#random = random;
  }

  /** Sends forms until all files are told. Throws when the server dies, and what it does wrong. */
  async goOn(pawl: PawlProcess, onEvent: OnEvent): Promise<void> {
    while (this.files.some(({ isTold }) => !isTold)) await this.#send(pawl, onEvent);
  }

  async #send({ port }: PawlProcess, onEvent: OnEvent): Promise<void> {
    // Those that were told go along now and then: they are told again.
    const files = this.files.filter(({ isTold }) => !isTold || this.#random.chance(0.1));
    const form = formBytes(files.map((file) => file.part()));
    const isCut = this.#random.chance(0.2);
    const sent = isCut ? form.subarray(0, this.#random.integer(0, form.length)) : form;
    using connection = await connect(port);
    await connection.send(head("POST /upload", {
      "Accept": "application/jsonl",
      "Connection": "close",
      "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`,
      "Content-Length": form.length,
    }));
    for (let at = 0; at < sent.length;) {
      const end = at + this.#random.integer(1, 100_000);
      if (!await connection.send(sent.subarray(at, end))) break;
      at = end;
      onEvent("sent");
    }
    if (isCut) await connection.finishSending().catch(() => {});
    const lines = [...(await connection.closed()).matchAll(/^\{.*\}$/gm)].map(([line]): Line => JSON.parse(line));
    onEvent("answered");
    for (const line of lines) {
      const file = line.part === undefined ? undefined : files[line.part];
      if (file !== undefined && line.error !== "disconnected") file.hear(line);
    }
    // The runtime may give up an answer to a client that sends no more.
    if (isCut) return;
    // Without its last line the server was killed.
    const last = lines.at(-1);
    if (last === undefined || last.part !== undefined) throw new Error("The connection is cut");
    assertEquals(last.status, 200, `A form ended with ${JSON.stringify(last)}`);
  }
}
