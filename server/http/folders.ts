import { STATUS_CODE } from "@std/http/status";
import { UploadError } from "../errors.ts";
import { zipLength } from "../model/zip.ts";
import type { Scope } from "../model/owner.ts";
import type { FinishedFiles } from "../uploads/finished_files.ts";
import { contentDisposition } from "./disposition.ts";
import { queryOf } from "./target.ts";
import { type ZippedFile, zipStream } from "./zip_stream.ts";

/** The visitors whose files are given. */
type FolderScope = Pick<Scope, "owner" | "seesAll">;

/** Serves whole folders of finished files. */
export interface Folders {
  /**
   * `GET` and `HEAD` of `/files/?folder=PATH`: gives the finished files below a folder, of those in
   * `scope`, as a ZIP file. Throws `not-found` when there are none, `bad-request` for another query or too many files,
   * `disconnected` when the client goes away, and `too-many` when too many folders are asked for at a time.
   */
  send(request: Request, scope: FolderScope): Promise<Response>;
  /** Gives the folder of that path as `send` does. Its name is in NFC and has no slash at its end. */
  sendFolder(request: Request, folder: string, scope: FolderScope): Promise<Response>;
}

/** The most files in one ZIP file. While it is sent, some 400 bytes of memory are needed for each. */
const MAX_FILES = 100_000;

/** The most files of all ZIP files that are sent at a time: a client that reads nothing keeps the list of its own. */
const MOST_LISTED = 500_000;

/** The longest path that is looked for, in characters, which no folder has. Normalizing a longer one could take long. */
const MAX_PATH_LENGTH = 4096;

/** The dependencies of {@linkcode createFolders}. */
export interface FolderDeps {
  readonly files: FinishedFiles;
  /** Called when bytes of a file were read that is too small to be read as others are. */
  readonly sent?: (bytes: number) => void;
  /** The most files of all ZIP files that are sent at a time. */
  readonly mostListed?: number;
}

export function createFolders({ files, sent = () => {}, mostListed = MOST_LISTED }: FolderDeps): Folders {
  /** How many files the ZIP files have that are being sent. */
  let listed = 0;

  async function filesBelow(
    folder: string,
    scope: FolderScope,
    stop: AbortSignal,
  ): Promise<ZippedFile[]> {
    const found: ZippedFile[] = [];
    // The folder's own name is the outermost folder in the ZIP file.
    const above = folder.split("/").length - 1;
    for await (const upload of files.below(folder, scope, stop)) {
      if (found.length === MAX_FILES) throw tooManyFiles();
      const { id, path, length } = upload;
      const name = path.split("/").slice(above).join("/");
      found.push({ name, length, open: async () => (await files.open(id)).file });
    }
    return found;
  }

  return {
    send: (request, scope) => sendFolder(request, folderOf(queryOf(request)), scope),
    sendFolder,
  };

  async function sendFolder(
    request: Request,
    folder: string,
    scope: FolderScope,
  ): Promise<Response> {
    const found = await filesBelow(folder, scope, request.signal);
    if (found.length === 0) throw noSuchFolder();
    const headers = {
      "Content-Type": "application/zip",
      "Content-Disposition": contentDisposition("attachment", `${folder.split("/").at(-1)}.zip`),
      "Content-Length": String(zipLength(found)),
      "Accept-Ranges": "none",
      "Cache-Control": "private, no-store",
    };
    if (request.method === "HEAD") return new Response(null, { headers });
    if (listed + found.length > mostListed) throw tooManyListed();
    listed += found.length;
    return new Response(zipStream(found, sent, () => listed -= found.length), { status: STATUS_CODE.OK, headers });
  }
}

/** The folder that a query names. A slash at its end changes nothing. */
function folderOf(query: URLSearchParams): string {
  const [folder, ...others] = query.getAll("folder");
  if (folder === undefined || others.length > 0 || query.size > 1) {
    throw new UploadError("bad-request", "Ask for one folder as a ZIP file, as /files/?folder=photos/2026");
  }
  if (folder.length > MAX_PATH_LENGTH) throw noSuchFolder();
  return folder.normalize("NFC").replace(/\/$/, "");
}

function noSuchFolder(): UploadError {
  return new UploadError("not-found", "There is no such folder with finished files in it");
}

function tooManyListed(): UploadError {
  return new UploadError("too-many", "Too many files are sent in folders just now: try again in a few seconds");
}

function tooManyFiles(): UploadError {
  return new UploadError(
    "bad-request",
    `The folder has more than ${MAX_FILES} files: ask for the folders in it one by one`,
  );
}
