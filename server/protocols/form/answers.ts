import { setImmediate } from "node:timers/promises";
import { NEVER_RUN } from "../../http/uploaded_content.ts";
import { wholeAnswer } from "../../http/whole_answers.ts";
import { answerPage, oneLine, type Told } from "./answer_page.ts";
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

/** Nothing can run on the page. It has the style of the page with the form. */
const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=UTF-8",
  ...ALWAYS,
  "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'self'; frame-ancestors 'none'",
} as const;

/** Makes the answer that a client accepts: lines of JSON as the files become safe, or a page or text at the end. */
export function answerFor({ headers }: Pick<Request, "headers">): FormAnswer {
  const accept = headers.get("accept") ?? "";
  if (accept.includes(JSON_LINES)) return jsonLines();
  if (!accept.includes("text/html")) return atEnd(textOf, { "Content-Type": "text/plain; charset=UTF-8", ...ALWAYS });
  return atEnd((told, end) => answerPage(told, end, headers.get("accept-language")), PAGE_HEADERS);
}

/**
 * Never waits for the client: one that reads no answer before it has sent its form would wait for this server too. Begins
 * when the form has come, because nginx sends no more of a form once its answer has begun. The lines of one turn of the
 * event loop go as one piece, because files share commits, and each piece is work for everybody on the way.
 */
function jsonLines(): FormAnswer {
  const encoder = new TextEncoder();
  const { promise, resolve } = Promise.withResolvers<Response>();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isLost = false;
  let first: ToldLine | undefined;
  let hasCome = false;
  let waiting = "";
  const body = new ReadableStream<Uint8Array>({
    start: (own) => void (controller = own),
    cancel: () => void (isLost = true),
  });
  const answer = once(({ part, status }: ToldLine) => {
    // A form of which nothing could be read has the status of its last line, which is the first one too.
    const headers = { "Content-Type": JSON_LINES, ...ALWAYS };
    resolve(new Response(body, { status: part === undefined ? status : 200, headers }));
  });
  function send(): void {
    if (!isLost && waiting !== "") controller.enqueue(encoder.encode(waiting));
    waiting = "";
  }
  function tell(line: ToldLine): void {
    if (isLost) return;
    if (waiting === "") setImmediate().then(send);
    waiting += `${JSON.stringify(line)}\n`;
    first ??= line;
    if (hasCome) answer(first);
  }
  return {
    tell,
    come() {
      hasCome = true;
      if (first !== undefined) answer(first);
    },
    end(line) {
      hasCome = true;
      tell(line);
      send();
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

/** The status is that of the first refusal, so that `curl --fail` and a person hear of it. */
function atEnd(
  textOf: (told: readonly Told[], end: ToldLine) => string,
  headers: Readonly<Record<string, string>>,
): FormAnswer {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const told: Told[] = [];
  return {
    tell: (line, name) => void told.push({ line, name }),
    come() {},
    end(end) {
      told.sort((one, other) => (one.line.part ?? 0) - (other.line.part ?? 0));
      const refused = [...told.map(({ line }) => line), end].find(({ error }) => error !== undefined);
      resolve(
        wholeAnswer(textOf(told, end), {
          status: refused?.status ?? 200,
          headers: {
            ...headers,
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
