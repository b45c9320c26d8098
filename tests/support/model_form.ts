import { BOUNDARY, formBytes, linesOf } from "./form.ts";
import { simpleHead } from "./model_simple.ts";
import { inTime } from "./model_wire.ts";
import type { Outcome, Said, World } from "./model_world.ts";
import { connect, head } from "./raw.ts";
import { sourceOf } from "./sources.ts";
import { type Send, send } from "./upload_model.ts";

/** The longest file of a form whose length the server knows before it begins the upload, in bytes. */
const MAX_HELD = 2 ** 20;

/** The request that means the same outside a form: a part that is streamed has no length before its end. */
export function asInForm(request: Send): Send {
  return { ...request, chunked: request.bytes > MAX_HELD };
}

/**
 * The answers to a request as a part of a form. A server that has come to the end of a small part knows by it how long
 * the file is, and a refusal may name either that or the bytes.
 */
export function sendByForm(world: World, request: Send): Outcome[] {
  const outcomes = send(world, request);
  if (request.chunked || request.size !== undefined) return outcomes;
  const refusals = send(world, { ...request, size: request.start + request.bytes })
    .filter(({ says }) => says.startsWith("400 The file was"));
  return [...outcomes, ...refusals];
}

/** Sends a request of the simple protocol as a part of a form, between two others, and reads the line about it. */
export async function sendInForm(
  port: number,
  client: { clientId: string; name: string },
  request: Send,
): Promise<Said> {
  const body = sourceOf(request.file, request.start + request.bytes).bytes(request.start);
  const [, ...lines] = simpleHead(client, request, body, {}).trimEnd().split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/).slice(0, 2)));
  // The others are refused.
  const other = { body: "x", headers: { "X-File-Path": "../a" } };
  const form = formBytes([other, { body, headers }, other]);
  using connection = await connect(port);
  const sending = connection.send(head("POST /upload", {
    "Accept": "application/jsonl",
    "Connection": "close",
    "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`,
    "Content-Length": form.length,
  })).then(() => connection.send(form));
  const text = await inTime(connection.closed());
  await sending;
  const told = linesOf(text.match(/^\{.*\}$/gm)?.join("\n") ?? "");
  const line = told.find(({ part }) => part === 1);
  if (line === undefined || told.at(-1)?.status !== 200) throw new Error(`Not the answer to a form: ${text}`);
  const { status, complete, offset, length, location, detail } = line;
  return {
    line: `${status} ${detail ?? (complete ? `Success ${offset}` : offset)}`,
    offset,
    length,
    complete,
    location,
  };
}
