import { UploadError } from "../errors.ts";
import { placeOf } from "../model/place.ts";
import type { Answer } from "./post.ts";

/** The place that a file is to get, as far as an answer says so. */
export interface NewPlace {
  readonly name?: string;
  readonly folders?: readonly string[];
}

/** The longest line for the sender of a file, in characters. */
const LONGEST_LINE = 200;

/** The line of a refusal that says nothing itself. */
const NOT_WANTED = "The server does not want this file: choose another one, or ask whoever runs it";

/**
 * Reads the answer of who was asked: a success with `name` and `folder` in JSON, or without, or a refusal (400 to 499)
 * whose first line is for the sender of the file. 413 and 507 are refusals of their own kind. Throws that refusal.
 * `undefined` for anything else, which is no answer, and for a success that broke off: its end may have been a place.
 */
export function readAnswer({ status, text, isWhole }: Answer): NewPlace | undefined {
  if (status >= 200 && status < 300) return isWhole ? placeIn(text) : undefined;
  if (status === 507) throw new UploadError("over-quota", lineOf(text) ?? NOT_WANTED);
  // Too many questions, and a question that came too late, are no refusals.
  if (status < 400 || status > 499 || status === 408 || status === 425 || status === 429) return undefined;
  throw new UploadError(status === 413 ? "too-large" : "not-wanted", lineOf(text) ?? NOT_WANTED);
}

/**
 * Reads the place in a JSON object. Any other text, such as the "OK" that some frameworks send by themselves, names none.
 * Throws an error for a place that no file can have: whoever was asked has made a mistake.
 */
function placeIn(text: string): NewPlace {
  if (!text.trim().startsWith("{")) return {};
  const { name, folder } = JSON.parse(text) as { name?: unknown; folder?: unknown };
  const place: { name?: string; folders?: readonly string[] } = {};
  if (typeof name === "string") {
    const clean = placeOf({ path: "", name }).name;
    if (clean === undefined || clean !== name.normalize("NFC")) throw new Error(`No file can have the name "${name}"`);
    place.name = clean;
  }
  if (typeof folder === "string") place.folders = folder === "" ? [] : placeOf({ path: `${folder}/x` }).folders;
  return place;
}

/** The first line of a text, or `message` of a JSON object, without what a terminal or a page could take for more. */
function lineOf(text: string): string | undefined {
  const [line = ""] = (messageIn(text) ?? text).trim().split(/[\r\n]/);
  const plain = line.replaceAll(/\p{C}/gu, "").trim().slice(0, LONGEST_LINE);
  return plain === "" ? undefined : plain;
}

function messageIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const message = typeof value === "object" && value !== null && "message" in value ? value.message : undefined;
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}
