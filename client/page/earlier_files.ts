import { type SignIns, UploadError } from "../mod.ts";
import { onServer } from "./server.ts";

/** A file that was finished earlier. */
export interface EarlierFile {
  /** Its folders and name, with `/` between them. */
  path: string;
  bytes: number;
  finishedAt: Date | undefined;
  /** Its path on the server, `/files/…`. */
  location: string;
  /** Deletes it on the server. Rejects with an `UploadError`, or when the server cannot be reached. */
  delete(): Promise<void>;
}

/** The things that requests about finished files need. */
export interface EarlierDeps {
  signIns: SignIns;
  /** Makes a request. Default: the browser's `fetch`. */
  ask?: (url: string, options: { method: string }) => Promise<Response>;
}

/** How many uploads are asked for at a time. */
const PART = 20;
/** How many times the server is asked when it has unfinished uploads alone. */
const MOST_ASKED = 5;

interface Listed {
  state: string;
  path: string;
  offset: number;
  location: string;
  finishedAt?: string;
}

/**
 * Asks the server for a part of its list of uploads (`GET /api/uploads`), from `cursor` or the newest on, and gives the
 * finished ones. Rejects when the server refuses or cannot be reached.
 */
export async function listEarlier(
  cursor: string | undefined,
  deps: EarlierDeps,
): Promise<{ files: EarlierFile[]; cursor: string | undefined }> {
  for (let asked = 1;; asked++) {
    const query = new URLSearchParams({ limit: String(PART), ...cursor !== undefined && { cursor } });
    const answer = await request(onServer(`/api/uploads?${query}`), "GET", deps);
    const { uploads, cursor: next }: { uploads: Listed[]; cursor?: string } = await answer.json();
    const files = uploads.filter(({ state }) => state === "finished").map((one) => fileOf(one, deps));
    if (files.length > 0 || next === undefined || asked === MOST_ASKED) return { files, cursor: next };
    cursor = next;
  }
}

function fileOf({ path, offset, location: told, finishedAt }: Listed, deps: EarlierDeps): EarlierFile {
  // Before it stand the folders by which the page has reached the server.
  const location = `/files/${told.split("/").at(-1)}`;
  return {
    path,
    bytes: offset,
    finishedAt: finishedAt === undefined ? undefined : new Date(finishedAt),
    location,
    async delete() {
      await request(onServer(location), "DELETE", deps);
    },
  };
}

async function request(
  url: string,
  method: "GET" | "DELETE",
  { signIns, ask = fetch }: EarlierDeps,
): Promise<Response> {
  const answer = await signIns.around(() => ask(url, { method }), ({ status }) => status);
  // A file that is gone already was to be deleted.
  const isFine = answer.ok || method === "DELETE" && (answer.status === 404 || answer.status === 410);
  if (isFine) return answer;
  throw new UploadError("refused", `The server has refused this (${answer.status})`, { status: answer.status });
}
