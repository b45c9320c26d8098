import { pathOnServer } from "./address.ts";

/** The media type of the answer to a form. */
export const LINES_TYPE = "application/jsonl";

/** One file of a form: the headers of its part, and its bytes. */
export interface FormPart {
  headers: Readonly<Record<string, string>>;
  bytes: ArrayBuffer;
}

/** A form with many files (RFC 7578). */
export interface Form {
  contentType: string;
  body: Blob;
  /** For each part, how many bytes of the body have departed when its last byte has. */
  ends: number[];
}

/** Makes a form of these parts. `random` gives numbers in [0, 1). */
export function formOf(parts: readonly FormPart[], random: () => number): Form {
  const boundary = Array.from({ length: 4 }, () => random().toString(36).slice(2).padEnd(11, "0")).join("");
  const encoder = new TextEncoder();
  const heads = parts.map(({ headers }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return encoder.encode(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n${lines}\r\n`,
    );
  });
  const end = encoder.encode(`--${boundary}--\r\n`);
  const size = parts.reduce((sum, { bytes }, index) => sum + heads[index]!.length + bytes.byteLength + 2, end.length);
  // One piece of memory, because a browser takes many small ones over one by one.
  const body = new Uint8Array(size);
  const ends: number[] = [];
  let at = 0;
  const add = (bytes: Uint8Array) => {
    body.set(bytes, at);
    at += bytes.length;
  };
  for (const [index, { bytes }] of parts.entries()) {
    add(heads[index]!);
    add(new Uint8Array(bytes));
    ends.push(at);
    add(LINE_BREAK);
  }
  add(end);
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: new Blob([body]), ends };
}

const LINE_BREAK = Uint8Array.of(13, 10);

/** Gives a form with those of its parts that `isKept`, by their positions. Nothing is copied. */
export function formOfSome({ contentType, body, ends }: Form, isKept: (part: number) => boolean): Form {
  const bodies: Blob[] = [];
  const keptEnds: number[] = [];
  let size = 0;
  let start = 0;
  for (const [part, end] of ends.entries()) {
    const next = end + LINE_BREAK.length;
    if (isKept(part)) {
      bodies.push(body.slice(start, next));
      keptEnds.push(size + end - start);
      size += next - start;
    }
    start = next;
  }
  return { contentType, body: new Blob([...bodies, body.slice(start)]), ends: keptEnds };
}

/** The fate of one file, as one line of the answer tells it. */
export interface PartFate {
  /** The position of its part in the form, from 0 on. */
  part: number;
  /** True when the file is finished. */
  isComplete: boolean;
  location: string | undefined;
  /** True when the file was finished before this form brought it once more. */
  isAgain: boolean;
}

/** Reads the lines of an answer while it comes. */
export class FateReader {
  readonly #onFate: (fate: PartFate) => void;
  #read = 0;
  #isWhole = false;

  constructor(onFate: (fate: PartFate) => void) {
    this.#onFate = onFate;
  }

  /**
   * True when the server has said that it got the whole form. A login page of a network has no such line, and a server
   * that stops in the middle says so in the place of it.
   */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Reads what is new in `text`, the whole answer so far. A line that is not whole yet waits for the next call. */
  read(text: string): void {
    for (let end = text.indexOf("\n", this.#read); end >= 0; end = text.indexOf("\n", this.#read)) {
      const fate = parseFate(text.slice(this.#read, end));
      this.#read = end + 1;
      if (fate === "whole") this.#isWhole = true;
      else if (fate !== undefined) this.#onFate(fate);
    }
  }
}

/** Reads one line. `"whole"` is the line about a request that came whole. Gives `undefined` for every other line. */
function parseFate(line: string): PartFate | "whole" | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { part, status, complete, location, again }: Partial<Record<string, unknown>> = { ...value };
  if (part === undefined && status === 200) return "whole";
  if (typeof part !== "number") return undefined;
  return {
    part,
    isComplete: complete === true && typeof status === "number" && status >= 200 && status < 300,
    location: typeof location === "string" ? pathOnServer(location) : undefined,
    isAgain: again === true,
  };
}
