import { escape } from "@std/html/entities";
import { NEVER_RUN } from "../../http/uploaded_content.ts";
import type { ToldLine } from "./told.ts";

/** Tells a client what came of the files of its form. */
export interface FormAnswer {
  /** Tells of one file, which `name` means to a person. */
  tell(line: ToldLine, name: string): void;
  /** Tells that the body has ended. */
  come(): void;
  /** Tells the end. Nothing is told after it. */
  end(line: ToldLine): void;
  /** Resolves as soon as the answer begins. */
  readonly response: Promise<Response>;
}

/** The form of an answer in lines of JSON. */
const JSON_LINES = "application/jsonl";

const ALWAYS = { "Cache-Control": "no-store", ...NEVER_RUN } as const;

/** Makes the answer that a client accepts: lines of JSON as the files become safe, or a page or text at the end. */
export function answerFor(accept: string): FormAnswer {
  if (accept.includes(JSON_LINES)) return jsonLines();
  return accept.includes("text/html") ? atEnd("text/html", pageOf) : atEnd("text/plain", textOf);
}

/**
 * Never waits for the client: one that reads no answer before it has sent its form would wait for this server too. Begins
 * when the form has come, because nginx sends no more of a form once its answer has begun.
 */
function jsonLines(): FormAnswer {
  const encoder = new TextEncoder();
  const { promise, resolve } = Promise.withResolvers<Response>();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isLost = false;
  let first: ToldLine | undefined;
  let hasCome = false;
  const body = new ReadableStream<Uint8Array>({
    start: (own) => void (controller = own),
    cancel: () => void (isLost = true),
  });
  const answer = once(({ part, status }: ToldLine) => {
    // A form of which nothing could be read has the status of its last line, which is the first one too.
    const headers = { "Content-Type": JSON_LINES, ...ALWAYS };
    resolve(new Response(body, { status: part === undefined ? status : 200, headers }));
  });
  function send(line: ToldLine): void {
    if (isLost) return;
    controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
    first ??= line;
    if (hasCome) answer(first);
  }
  return {
    tell: send,
    come() {
      hasCome = true;
      if (first !== undefined) answer(first);
    },
    end(line) {
      hasCome = true;
      send(line);
      if (!isLost) controller.close();
    },
    response: promise,
  };
}

function once<T>(work: (value: T) => void): (value: T) => void {
  let isDone = false;
  return (value) => {
    if (isDone) return;
    isDone = true;
    work(value);
  };
}

interface Told {
  readonly line: ToldLine;
  readonly name: string;
}

/** The status is that of the first refusal, so that `curl --fail` and a person hear of it. */
function atEnd(type: string, textOf: (told: readonly Told[], end: ToldLine) => string): FormAnswer {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const told: Told[] = [];
  return {
    tell: (line, name) => void told.push({ line, name }),
    come() {},
    end(end) {
      told.sort((one, other) => (one.line.part ?? 0) - (other.line.part ?? 0));
      const refused = [...told.map(({ line }) => line), end].find(({ error }) => error !== undefined);
      resolve(
        new Response(textOf(told, end), {
          status: refused?.status ?? 200,
          headers: {
            "Content-Type": `${type}; charset=UTF-8`,
            ...ALWAYS,
            ...refused?.error !== undefined && { "X-Error": refused.error },
            ...refused?.retryAfter !== undefined && { "Retry-After": String(refused.retryAfter) },
          },
        }),
      );
    },
    response: promise,
  };
}

/** One line for each file, and one for a form that did not come whole. */
function textOf(told: readonly Told[], end: ToldLine): string {
  const lines = told.map(({ line, name }) =>
    line.error === undefined
      ? `Success ${line.offset} ${line.path ?? name} ${line.location}`
      : `${line.status} ${line.error} ${oneLine(name)}: ${line.detail}`
  );
  if (end.error !== undefined) lines.push(`${end.status} ${end.error}: ${end.detail}`);
  if (lines.length === 0) lines.push("No file was sent");
  return `${lines.join("\n")}\n`;
}

/** A page for a person who has sent a form without a script. */
function pageOf(told: readonly Told[], end: ToldLine): string {
  const arrived = told.filter(({ line }) => line.error === undefined);
  const refused = told.filter(({ line }) => line.error !== undefined);
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? "" : `<h2>${title}</h2><ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
  const title = end.error === undefined && refused.length === 0
    ? arrived.length === 0 ? "No file was chosen" : "All files have arrived"
    : "Not all files have arrived";
  return '<!doctype html><html lang="en"><meta charset="utf-8">' +
    `<title>${title}</title><meta name="viewport" content="width=device-width">` +
    `<meta name="color-scheme" content="light dark"><h1>${title}</h1>` +
    (end.error === undefined ? "" : `<p>${escape(end.detail ?? "")}</p>`) +
    list("Arrived", arrived.map(({ line, name }) => `${shown(line.path ?? name)}, ${line.offset} bytes`)) +
    list("Not taken", refused.map(({ line, name }) => `${shown(name)}: ${escape(line.detail ?? "")}`)) +
    '<p><a href="./">Back</a></p></html>\n';
}

/** A name in a page. `bdi` keeps one that is written from right to left from changing what stands beside it. */
function shown(name: string): string {
  return `<bdi>${escape(oneLine(name))}</bdi>`;
}

/** A client's text without line breaks and other control characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, " ").slice(0, 300);
}
