import { UploadError } from "../errors.ts";
import { byteLength, cleanName } from "./names.ts";

/** The most folders that a file may lie in, one in another. */
const MAX_FOLDERS = 32;

/**
 * The longest path of folders, in bytes of UTF-8 with a slash between them. With the longest name it is half of what Linux
 * takes for a path (`PATH_MAX`, 4096): the other half is for the path of the data folder, and for the numbers behind names
 * that are taken.
 */
const MAX_FOLDERS_BYTES = 1792;

/** A client on Windows sends its own. No file can have either in its name. */
const SEPARATOR = /[/\\]/;

/** What a client says of where a file is to lie. `/` and `\` both part a path. */
export interface WantedPlace {
  /** The file's path below a folder of its own, with its name at the end; `""` when it is in no folder. */
  readonly path?: string | undefined;
  /** The file's name, where the client tells it apart from the path. */
  readonly name?: string | undefined;
}

/** Where a file is to lie below the folder of finished files. */
export interface Place {
  /** The cleaned name; `undefined` where what the client said is a name that no file can have, or where it said none. */
  readonly name: string | undefined;
  /** The cleaned names of its folders, outermost first. */
  readonly folders: readonly string[];
}

/**
 * The place that a client wants for its file, cleaned. Where it tells no path, the folders in the name are kept; a whole
 * path of its own computer (`C:\fakepath\a.pdf`, `/home/me/a.pdf`) as a name gives the name alone. Throws `bad-request`
 * for folders that climb out (`..`), that no disk can have, or that are more or longer than the limits: folders are kept
 * or refused, never dropped.
 */
export function placeOf({ path = "", name }: WantedPlace): Place {
  const inPath = path.split(SEPARATOR);
  const inName = (name ?? "").split(SEPARATOR);
  const [endOfPath = "", endOfName = ""] = [inPath.pop(), inName.pop()];
  const folders = cleanFolders(path === "" && name !== undefined && !isWhole(name) ? inName : inPath);
  return { name: cleanName(name === undefined ? endOfPath : endOfName), folders };
}

/** True for a path from the root of a disk or of a share. */
function isWhole(name: string): boolean {
  return /^(?:[A-Za-z]:)?[/\\]/.test(name);
}

function cleanFolders(parts: readonly string[]): string[] {
  if (parts.length > MAX_FOLDERS) {
    throw new UploadError(
      "bad-request",
      `The file's path has ${parts.length} folders: at most ${MAX_FOLDERS} are taken`,
    );
  }
  const folders: string[] = [];
  for (const part of parts) {
    const folder = cleanName(part);
    if (folder === undefined) {
      throw new UploadError(
        "bad-request",
        "The file's path must be folders below the root, none empty and none . or ..",
      );
    }
    folders.push(folder);
  }
  const bytes = byteLength(folders.join("/"));
  if (bytes <= MAX_FOLDERS_BYTES) return folders;
  throw new UploadError(
    "bad-request",
    `The folders of the file's path are ${bytes} bytes long: at most ${MAX_FOLDERS_BYTES} are taken`,
  );
}
