import type { App } from "../../server/http/app.ts";
import { checkForm, schemaOf } from "./json_schema.ts";

/** A file of a form: the headers of its part besides `Content-Disposition`, and its bytes. */
export interface SentPart {
  /** The whole `Content-Disposition`; that of a file input unless told, with `name` as the file's name. */
  readonly disposition?: string;
  readonly name?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A line of the answer, as docs/api.md has it. */
export interface Line {
  readonly part?: number;
  readonly status: number;
  readonly id?: string;
  readonly complete?: boolean;
  readonly again?: boolean;
  readonly offset?: number;
  readonly length?: number;
  readonly path?: string;
  readonly location?: string;
  readonly error?: string;
  readonly detail?: string;
  readonly retryAfter?: number;
  readonly parts?: number;
}

export const BOUNDARY = "----PawlTest7Gq";

/** The bytes of a form. Without `isCut` its end is there. */
export function formBytes(parts: readonly SentPart[], { isCut = false } = {}): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap((part, index) => [
    `${index === 0 ? "" : "\r\n"}--${BOUNDARY}\r\n${headOf(part)}\r\n\r\n`,
    part.body,
  ]);
  const all = [...pieces, ...isCut ? [] : [`${parts.length === 0 ? "" : "\r\n"}--${BOUNDARY}--\r\n`]];
  const encoder = new TextEncoder();
  const bytes = all.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece);
  const whole = new Uint8Array(bytes.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of bytes) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function headOf(
  { name = "a.txt", disposition = `form-data; name="file"; filename="${name}"`, headers = {} }: SentPart,
) {
  const own = disposition === "" ? {} : { "Content-Disposition": disposition };
  return Object.entries({ ...own, ...headers }).map(([name, value]) => `${name}: ${value}`).join("\r\n");
}

/** The answer to a form, read to its end. */
export interface FormAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a form to an app. */
export async function sendForm(
  app: App,
  body: BodyInit,
  headers: Readonly<Record<string, string>> = {},
): Promise<FormAnswer> {
  const length = body instanceof Uint8Array ? { "Content-Length": String(body.length) } : {};
  const response = await app(
    new Request("http://localhost/upload", {
      method: "POST",
      headers: { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`, ...length, ...headers },
      body,
    }),
  );
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Sends a form, and gives the lines of the answer, those of files in the order of the files. Each has the form of docs/api.md. */
export async function tellForm(
  app: App,
  body: BodyInit,
  headers: Readonly<Record<string, string>> = {},
): Promise<Line[]> {
  const { text } = await sendForm(app, body, { Accept: "application/jsonl", ...headers });
  return linesOf(text);
}

/** The lines of an answer, sorted by file. */
export function linesOf(text: string): Line[] {
  const lines = text.split("\n").filter((line) => line !== "").map((line): Line => JSON.parse(line));
  for (const line of lines) checkForm(line, LINE);
  return lines.toSorted((one, other) => (one.part ?? Infinity) - (other.part ?? Infinity));
}

const LINE = schemaOf("POST /upload", " as a form");
