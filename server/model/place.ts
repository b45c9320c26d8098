import { UploadError } from "../errors.ts";
import { byteLength, cleanName } from "./names.ts";

/** The largest number of folders in a path, one inside the other. */
export const MAX_FOLDERS = 32;

/**
 * The longest path of folders, in bytes of UTF-8 with a slash between them. With the longest name it takes half of
 * Linux's longest path (`PATH_MAX`, 4096). The other half is for the data folder's own path and for numbers behind
 * names.
 */
export const MAX_FOLDERS_BYTES = 1792;

/** The separators of a client's path: `/`, and `\` from a client on Windows. No file's name can have either. */
const SEPARATOR = /[/\\]/;

/** The place that a client wants for its file, as it was sent. `/` and `\` both separate segments. */
export interface WantedPlace {
  /** The file's path with its name at the end; `""` when it is in no folder. */
  readonly path?: string | undefined;
  /** The file's name, if the client sent it apart from the path. */
  readonly name?: string | undefined;
}

/** The place of a file below the folder of finished files: its folders and its name. */
export interface Place {
  /** The clean name; `undefined` when the client sent none, or one that no file can have. */
  readonly name: string | undefined;
  /** The clean names of the folders, outermost first. */
  readonly folders: readonly string[];
}

/**
 * Cleans the place that a client wants. Without a path, folders in the name count; but a name that is an absolute path
 * (`C:\fakepath\a.pdf`, `/home/me/a.pdf`) gives its last segment alone. Throws `bad-request` for folders that climb out
 * (`..`), that no disk can have, or that go past the limits. Folders are never dropped silently.
 */
export function placeOf({ path = "", name }: WantedPlace): Place {
  const inPath = path.split(SEPARATOR);
  const inName = (name ?? "").split(SEPARATOR);
  const [endOfPath = "", endOfName = ""] = [inPath.pop(), inName.pop()];
  const folders = cleanFolders(path === "" && name !== undefined && !isAbsolute(name) ? inName : inPath);
  return { name: cleanName(name === undefined ? endOfPath : endOfName), folders };
}

/** True for an absolute path: from the root of a disk or of a share. */
function isAbsolute(name: string): boolean {
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
