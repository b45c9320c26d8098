import { asUploadError, type ErrorCode, folderMoved, UploadError } from "../../errors.ts";
import { header } from "../../http/header_names.ts";
import type { Log } from "../../log.ts";
import { owned, type Scope } from "../../model/owner.ts";
import type { Visitor } from "../../model/visitor.ts";
import { MultipartError, MultipartParser, type PartSink } from "../../receiving/multipart.ts";
import { HeldBody } from "../../receiving/held_body.ts";
import type { Received } from "../../receiving/receive.ts";
import type { ReceivedRequest } from "../../uploads/append.ts";
import type { Batch } from "../../uploads/batch.ts";
import type { NamedFileFacts } from "../../uploads/by_client.ts";
import type { Engine } from "../../uploads/engine.ts";
import type { Lease } from "../../uploads/locks.ts";
import { parseAnnounced, parseClientId, parseFacts } from "../file_headers.ts";
import { parseMediaType, refuseEncodedBody } from "../headers.ts";
import { uninterrupted } from "../interruption.ts";
import { throwInOwnWords } from "../simple_status.ts";
import type { FormAnswer } from "./answers.ts";
import { FilePart, type FormWork } from "./file_part.ts";
import { parsePartHead, type PartHead } from "./part_head.ts";
import { Slots } from "./slots.ts";
import { type FormFile, lastLine, refusedFile, toldFile } from "./told.ts";

/** The most files of one form. */
export const MAX_FILES = 1000;

/** The most parts of one form that are no files. */
const MAX_FIELDS = 100;

/** The longest file, in bytes, that is worked on beside others. */
export const MAX_HELD_FILE = 1024 * 1024;

/** How many bytes of a file are held even if others hold many. */
const LEAST_HELD_FILE = 64 * 1024;

/** How many bytes all forms together hold before each file may hold less. */
const MANY_HELD = 64 * 1024 * 1024;

/** The files of one form that are worked on at a time. */
const AT_A_TIME = { files: 64, bytes: 16 * 1024 * 1024 };

/** The bytes that all forms together hold in memory. */
export interface HeldBytes {
  count: number;
}

/** The things that the files of a form are sent with. */
export interface FormDeps {
  readonly engine: Engine;
  readonly log: Log;
  readonly held: HeldBytes;
  /** The path that clients see before the server's own paths. By default there is none. */
  readonly above?: string;
  /** False when the data folder was moved: nothing may be told then (I14). */
  readonly isFolderThere: () => boolean;
  /** Called with the code of each refusal of one file. */
  readonly refused: (code: ErrorCode) => void;
}

/** A form that is being received. */
export interface Form {
  readonly boundary: string;
  readonly visitor: Visitor;
  readonly answer: FormAnswer;
}

const NOTHING: PartSink = { write() {}, end() {} };

/** The files of one form on their way: each part becomes an upload, and is told when it is safe or refused. */
export class FormFiles implements Batch, FormWork {
  readonly #deps: FormDeps;
  readonly #form: Form;
  readonly #lease: Lease;
  readonly #parser: MultipartParser;
  readonly #slots = new Slots(AT_A_TIME);
  #open: FilePart | undefined;
  #files = 0;
  #fields = 0;
  #told = 0;
  /** True when some of the files have come before: the client sends again what was not told. */
  #comesAgain = false;

  constructor(deps: FormDeps, form: Form, lease: Lease) {
    this.#deps = deps;
    this.#form = form;
    this.#lease = lease;
    this.#parser = new MultipartParser(form.boundary, (head) => this.#begin(head));
  }

  get room(): number {
    return this.#deps.held.count < MANY_HELD ? MAX_HELD_FILE : LEAST_HELD_FILE;
  }

  held(bytes: number): void {
    this.#deps.held.count += bytes;
  }

  beside(bytes: number, work: () => Promise<void>): Promise<void> | void {
    const begin = () => void work().finally(() => this.#slots.free(bytes));
    const place = this.#slots.take(bytes);
    return place === undefined ? begin() : place.then(begin);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#parser.write(bytes);
  }

  async end({ end, error }: Received): Promise<void> {
    const trouble = end === "whole" && this.#parser.isOver ? undefined : troubleOf(end, error);
    await this.#open?.cut(end === "whole" || end === "failed" ? "disconnected" : end);
    this.#form.answer.come();
    await this.#slots.untilIdle();
    if (trouble?.code === "failed") this.#deps.log.error("A form failed: {error}", { error });
    this.#form.answer.end(lastLine(this.#told, trouble));
  }

  #begin(text: string): PartSink {
    const { visitor: { scope } } = this.#form;
    let file: FormFile = { part: this.#files, name: "file" };
    try {
      const head = this.#headOf(text);
      if (isField(head)) return this.#field();
      this.#countFile();
      const clientId = parseClientId(head);
      file = { ...file, id: clientId, name: head.fileName ?? file.name };
      const { facts, announced } = wantedBy(head, { clientId, scope, log: this.#deps.log });
      file = { ...file, name: [...facts.folders, facts.name].join("/") };
      const part = new FilePart(this, announced, (request) => this.#send(file, { facts, request }));
      this.#open = part;
      return {
        write: (bytes) => part.write(bytes),
        end: () => {
          this.#open = undefined;
          // A file input in which nothing was chosen comes as an empty part.
          if (head.fileName !== "" || clientId !== undefined || !part.isEmpty) return part.end();
        },
      };
    } catch (error) {
      if (isAboutForm(error)) throw error;
      this.#refuse(file, error);
      return NOTHING;
    }
  }

  #headOf(text: string): PartHead {
    try {
      return parsePartHead(text);
    } catch (error) {
      this.#countFile();
      throw error;
    }
  }

  #field(): PartSink {
    if (++this.#fields > MAX_FIELDS) throw tooMany(`has more than ${MAX_FIELDS} fields`);
    return NOTHING;
  }

  #countFile(): void {
    if (this.#files === MAX_FILES) throw tooMany(`takes ${MAX_FILES} files: send the others in another one`);
    this.#files++;
  }

  /** Sends a file, and tells what came of it. Never throws. */
  async #send(file: FormFile, { facts, request }: { facts: NamedFileFacts; request: ReceivedRequest }): Promise<void> {
    const { engine, isFolderThere } = this.#deps;
    const batch = { lease: this.#lease, mayBeThere: this.#comesAgain };
    try {
      const cut = request.body instanceof HeldBody && request.body.end !== "whole" ? request.body.end : undefined;
      // Nobody could go on with what came of it.
      if (cut !== undefined && file.id === undefined) throw troubleOf(cut);
      const appended = await engine.send(facts, request, batch).catch(throwInOwnWords);
      const { isAgain } = appended;
      if (isAgain) this.#comesAgain = true;
      const upload = uninterrupted(appended);
      if (!isFolderThere()) throw folderMoved();
      this.#told++;
      this.#form.answer.tell(
        toldFile(file, { upload, isAgain }, this.#form.visitor, this.#deps.above ?? ""),
        file.name,
      );
    } catch (error) {
      this.#refuse(file, error);
      if (file.id === undefined) await this.#discard(facts);
    }
  }

  async #discard({ owner, clientId }: NamedFileFacts): Promise<void> {
    const { engine, log } = this.#deps;
    await engine.terminateUnfinished(owner, clientId).catch((error) => {
      const { code } = asUploadError(error);
      // Nothing is there of a file that was cut off before it was stored.
      if (code !== "not-found") log.debug("What came of a file without an id stays: {code}", { code });
    });
  }

  #refuse(file: FormFile, thrown: unknown): void {
    const error = asUploadError(thrown);
    if (error.code === "failed") this.#deps.log.error("A file of a form failed: {error}", { error: error.cause });
    this.#deps.refused(error.code);
    this.#told++;
    this.#form.answer.tell(refusedFile(file, error), file.name);
  }
}

/** Reads what the head of a part says of its file. A file without an id gets one that no client can send. */
function wantedBy(
  head: PartHead,
  { clientId, scope, log }: { clientId: string | undefined; scope: Scope; log: Log },
): { facts: NamedFileFacts; announced: ReturnType<typeof parseAnnounced> } {
  refuseEncodedBody(head);
  const encoding = head.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (!["binary", "8bit", "7bit"].includes(encoding)) {
    throw new UploadError("wrong-media-type", "Send the bytes of the file as they are, without an encoding");
  }
  if (header(head, "Upload-Defer-Length") !== null) {
    throw new UploadError("bad-request", "A part of a form reaches the end of its file: leave Upload-Defer-Length out");
  }
  const announced = { ...parseAnnounced(head, undefined), countsOnce: clientId !== undefined };
  const type = parseMediaType(head.get("content-type"));
  const otherwise = { name: head.fileName, type: type === "application/octet-stream" ? undefined : type };
  const told = parseFacts(head, { clientId, otherwise, ...announced.offset === 0 && { log } });
  return { announced, facts: owned(scope, { ...told, clientId: clientId ?? `\n${crypto.randomUUID()}` }) };
}

/** True for a part that is no file. */
function isField(head: PartHead): boolean {
  return head.fileName === undefined &&
    ["x-file-id", "x-file-name", "x-file-path"].every((name) => head.get(name) === null);
}

function tooMany(what: string): UploadError {
  return new UploadError("too-many-files", `One request ${what}`);
}

/** True for an error that ends the whole form. */
function isAboutForm(error: unknown): boolean {
  return error instanceof UploadError && error.code === "too-many-files";
}

/** The error of a form that did not come whole. */
function troubleOf(end: Received["end"], error?: unknown): UploadError {
  const next = "send the files again that were not told";
  switch (end) {
    case "whole":
      return new UploadError("bad-request", `The body ends before its last boundary: ${next}`);
    case "idle":
      return new UploadError(end, `No bytes came for too long: ${next}`);
    case "too-slow":
      return new UploadError(end, `The bytes came too slowly: ${next}`);
    case "too-short-chunks":
      return new UploadError(end, `The chunks are too short: send a Content-Length, and ${next}`);
    case "shutdown":
      return new UploadError(end, `The server is restarting: ${next} in a few seconds`);
    case "failed":
      return error instanceof MultipartError
        ? new UploadError("bad-request", `${error.message}: ${next}`)
        : asUploadError(error);
    default:
      return new UploadError("disconnected", `The body was cut off: ${next}`);
  }
}
