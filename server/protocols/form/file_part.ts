import type { Announced } from "../../model/agree.ts";
import { HeldBody, MemoryAppender } from "../../receiving/held_body.ts";
import type { PartSink } from "../../receiving/multipart.ts";
import type { End } from "../../receiving/receive.ts";
import type { ReceivedRequest } from "../../uploads/append.ts";
import { Bridge } from "./bridge.ts";

/** The things that the parts of a form share. */
export interface FormWork {
  /** How many bytes of one file may be held in memory just now. */
  readonly room: number;
  /** Counts bytes that are held in memory from now on, or, with a negative number, are not any more. */
  held(bytes: number): void;
  /** Begins `work` on a file of so many bytes as soon as there is a place for it, and does not wait for its end. */
  beside(bytes: number, work: () => Promise<void>): Promise<void> | void;
}

/** A part of a form with a file in it. A small file is held in memory until it came whole; a larger one is streamed. */
export class FilePart implements PartSink {
  readonly #work: FormWork;
  readonly #announced: Announced;
  /** Sends the file, and tells what came of it. Never throws. */
  readonly #send: (request: ReceivedRequest) => Promise<void>;
  readonly #memory: MemoryAppender;
  #bridge: Bridge | undefined;
  #sent: Promise<void> = Promise.resolve();

  constructor(work: FormWork, announced: Announced, send: (request: ReceivedRequest) => Promise<void>) {
    this.#work = work;
    this.#announced = announced;
    this.#send = send;
    this.#memory = new MemoryAppender(work.room);
  }

  /** True when no byte came so far. */
  get isEmpty(): boolean {
    return this.#bridge === undefined && this.#memory.length === 0;
  }

  write(bytes: Uint8Array): Promise<void> | void {
    if (this.#bridge !== undefined) return this.#bridge.write(bytes);
    if (this.#memory.length + bytes.length > this.#work.room) return this.#stream(bytes);
    this.#work.held(bytes.length);
    // Memory takes the bytes at once.
    this.#memory.write(bytes);
  }

  end(): Promise<void> | void {
    if (this.#bridge !== undefined) {
      this.#bridge.end();
      return this.#sent;
    }
    const { bytes, length } = this.#memory;
    const whole = { length: this.#announced.offset + length, bodyLength: length, body: HeldBody.of(bytes, "whole") };
    const request = { ...whole, ...this.#announced };
    return this.#work.beside(length, async () => {
      await this.#send(request);
      this.#work.held(-length);
    });
  }

  /** Ends a part that was cut off: what came of its file is kept. */
  async cut(end: End): Promise<void> {
    if (this.#bridge !== undefined) {
      this.#bridge.end(new Error("The form was cut off"));
      return await this.#sent;
    }
    await this.#send({ ...this.#announced, body: HeldBody.of(this.#memory.bytes, end) });
    this.#work.held(-this.#memory.length);
  }

  async #stream(bytes: Uint8Array): Promise<void> {
    const bridge = this.#bridge = new Bridge();
    this.#sent = this.#send({ ...this.#announced, body: bridge.stream }).finally(() => bridge.leave());
    const { bytes: before, length } = this.#memory;
    if (length > 0) await bridge.write(before);
    this.#work.held(-length);
    await bridge.write(bytes);
  }
}
