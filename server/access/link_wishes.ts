import { randomBytes } from "node:crypto";
import { TOO_LONG_MS } from "../config/option_values.ts";
import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import type { KeptPassword, Link, LinkTarget } from "../model/link.ts";
import { byteLength } from "../model/names.ts";
import { placeOf } from "../model/place.ts";
import { hashOf, newSecret } from "./secret.ts";

interface WantedFacts {
  readonly note?: string;
  /** How long the link is good for, in milliseconds. */
  readonly expiresInMs: number;
}

/** An upload link that somebody asks for. Sizes are in bytes. */
export interface WantedUploadLink extends WantedFacts {
  readonly kind: "upload";
  readonly folders: readonly string[];
  readonly maxBytes?: number;
  readonly maxFiles?: number;
  readonly totalBytes?: number;
}

/** A download link that somebody asks for. */
export interface WantedDownloadLink extends WantedFacts {
  readonly kind: "download";
  readonly target: LinkTarget;
  readonly maxDownloads?: number;
  readonly password?: string;
}

export type WantedLink = WantedUploadLink | WantedDownloadLink;

/** How long a link is good for if nobody says so: seven days, in milliseconds. */
export const USUAL_LINK_MS = 7 * 86_400_000;

/** The most links of one owner. */
export const MAX_LINKS = 1000;

/** The longest note and the longest password, in characters. */
const [MAX_NOTE, MAX_PASSWORD] = [1000, 256];

/** The longest path of a folder that is looked at, in characters. */
const MAX_PATH = 4096;

/** The longest folder of an upload link, in bytes: the visitors' own folders come behind it. */
const MAX_FOLDER_BYTES = 255;

/** Cleans the folder of an upload link. Throws `bad-request`. */
export function linkFolders(folder: string): readonly string[] {
  const path = folder.replace(/\/$/, "");
  if (path === "") return [];
  const { folders } = placeOf({ path: `${path}/` });
  if (byteLength(folders.join("/")) <= MAX_FOLDER_BYTES) return folders;
  throw new UploadError("bad-request", `The folder of a link has at most ${MAX_FOLDER_BYTES} bytes`);
}

/**
 * Reads the JSON of a link that somebody asks for (docs/api.md has the schema). Throws `bad-request`, in one line that
 * names the wrong property.
 */
export function parseWantedLink(json: unknown): WantedLink {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw wrong("The body must be a JSON object");
  const given = new Map<string, unknown>(Object.entries(json).filter(([, value]) => value !== undefined));
  function take<T>(name: string, read: (value: unknown) => T | undefined, wanted: string): T | undefined {
    const value = given.get(name);
    given.delete(name);
    const found = value === undefined ? undefined : read(value);
    if (value !== undefined && found === undefined) throw wrong(`"${name}" must be ${wanted}`);
    return found;
  }
  const count = (name: string) => take(name, countIn, "a whole number from 1 on");
  const text = (name: string, max: number) => take(name, (value) => textIn(value, max), `1 to ${max} characters`);
  const kind = take("kind", (value) => value === "upload" || value === "download" ? value : undefined, KINDS);
  const expiresIn = take("expiresIn", secondsIn, `a number of seconds below ${TOO_LONG_MS / 1000}`);
  const facts = {
    ...defined({ note: text("note", MAX_NOTE) }),
    expiresInMs: expiresIn === undefined ? USUAL_LINK_MS : expiresIn * 1000,
  };
  const folder = take("folder", (value) => value === "" ? "" : textIn(value, MAX_PATH), "a folder's path");
  const wanted: WantedLink = kind === "download"
    ? {
      kind,
      ...facts,
      target: targetOf(text("file", 100), folder),
      ...defined({ maxDownloads: count("maxDownloads"), password: text("password", MAX_PASSWORD) }),
    }
    : {
      kind: kind ?? refuse(`"kind" must be ${KINDS}`),
      ...facts,
      folders: linkFolders(folder ?? ""),
      ...defined({ maxBytes: count("maxSize"), maxFiles: count("maxFiles"), totalBytes: count("quota") }),
    };
  const [unknown] = given.keys();
  if (unknown !== undefined) throw wrong(`A link of this kind has no "${unknown.slice(0, 40)}"`);
  return wanted;
}

const KINDS = '"upload" or "download"';

function targetOf(file: string | undefined, folder: string | undefined): LinkTarget {
  if (file !== undefined && folder === undefined) return { file };
  if (file === undefined && folder !== undefined && folder !== "") {
    return { folder: folder.normalize("NFC").replace(/\/$/, "") };
  }
  throw wrong('A download link has one of "file", an upload\'s id, and "folder", a path');
}

function countIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value < 1e15 ? value : undefined;
}

/** A later end than a date can hold would be told by nobody: the list of the links would fail for it. */
function secondsIn(value: unknown): number | undefined {
  const seconds = countIn(value);
  return seconds !== undefined && seconds * 1000 < TOO_LONG_MS ? seconds : undefined;
}

function textIn(value: unknown, max: number): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= max && value.isWellFormed() ? value : undefined;
}

function wrong(message: string): UploadError {
  return new UploadError("bad-request", message);
}

function refuse(message: string): never {
  throw wrong(message);
}

/** The owner of a new link, and the limits of that owner, which the link has too. */
export interface LinkMaker {
  readonly owner: string;
  readonly maxBytes?: number;
  readonly quotaBytes?: number;
  /** True when a folder's files of all owners are meant. */
  readonly seesAll?: true;
}

/** Makes a link, and its secret, which is kept nowhere. `now` is the machine's clock, in milliseconds since 1970. */
export function newLink(
  wanted: WantedLink,
  { owner, maxBytes = Infinity, quotaBytes, seesAll }: LinkMaker,
  { now, password }: { now: number; password: KeptPassword | undefined },
): { secret: string; link: Link } {
  const secret = newSecret();
  const facts = {
    hash: hashOf(secret),
    // Hexadecimal, so that it never begins with a dash, which would be a flag on the command line.
    id: randomBytes(8).toString("hex"),
    owner,
    createdAt: now,
    expiresAt: now + wanted.expiresInMs,
    ...defined({ note: wanted.note }),
  };
  if (wanted.kind === "download") {
    const { kind, target, maxDownloads } = wanted;
    const whole = "folder" in target && seesAll ? { ...target, seesAll } : target;
    return { secret, link: { ...facts, kind, target: whole, ...defined({ maxDownloads, password }) } };
  }
  const { kind, folders, maxFiles, totalBytes } = wanted;
  const largest = Math.min(maxBytes, wanted.maxBytes ?? Infinity);
  return {
    secret,
    link: {
      ...facts,
      kind,
      folders,
      limits: defined({ maxFiles, totalBytes }),
      ...defined({ quotaBytes }),
      ...largest < Infinity && { maxBytes: largest },
    },
  };
}
