import { STATUS_CODE } from "@std/http/status";
import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import type { Handler } from "../http/route.ts";
import { jsonAnswer } from "../http/whole_answers.ts";
import { LINK_ID_FORM } from "../model/link.ts";
import { listOfLink, sees } from "../model/owner.ts";
import { isId } from "../model/id.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import type { ListPlace } from "../storage/store.ts";
import type { Engine } from "../uploads/engine.ts";
import { addressOf } from "./address.ts";

/** How many uploads a page of the list has, unless the client says so, and at most. */
const USUAL_LIMIT = 50;
const MAX_LIMIT = 500;

/** No owner has a longer name, in characters, and a longer one would be too long for a key of Deno KV. */
const LONGEST_OWNER = 256;

/** An upload as `GET /api/uploads` tells of it. docs/api.md has the schema. */
export interface ListedUpload {
  readonly id: string;
  readonly state: "unfinished" | "finished";
  /** The file's path below the folder of finished files, with `/` between the segments. */
  readonly path: string;
  /** How many bytes the server holds safely. */
  readonly offset: number;
  /** The file's length in bytes; absent while nobody has told it. */
  readonly length?: number;
  readonly type?: string;
  /** The client's own id, if it sent one. */
  readonly clientId?: string;
  /** The address of the upload on this server, and of its file when it is finished. */
  readonly location: string;
  /** Times are in the form of RFC 3339. */
  readonly createdAt: string;
  readonly finishedAt?: string;
  /** When an unfinished upload expires at the earliest. */
  readonly expiresAt?: string;
}

/** The handlers of `/api/uploads`. */
export interface UploadsApi {
  /** `GET /api/uploads`: lists the owner's uploads, or what came by one link, those that began last first. */
  readonly list: Handler;
  /** `DELETE /api/uploads/<id>`: terminates an upload, finished or not. */
  readonly terminate: Handler;
}

/** Makes the interface about uploads for programs, over `engine`, of a server whose clients see it below `above`. */
export function createUploadsApi(engine: Engine, above = ""): UploadsApi {
  function listed(upload: ReceivingUpload | CompleteUpload, isByLink: boolean): ListedUpload {
    const isFinished = upload.state === "complete";
    return {
      id: upload.id,
      state: isFinished ? "finished" : "unfinished",
      // The final path tells of the link's folder, and by its number of other files there.
      path: isByLink ? upload.sentAs ?? "" : isFinished ? upload.path : [...upload.folders, upload.name].join("/"),
      offset: safeBytes(upload),
      location: addressOf(upload.id, above),
      createdAt: timeOf(upload.createdAt),
      ...isFinished ? { finishedAt: timeOf(upload.completedAt) } : { expiresAt: timeOf(engine.expiresAt(upload)) },
      ...defined({ length: upload.length, type: upload.type, clientId: clientIdOf(upload) }),
    };
  }

  return {
    async list({ url }, _id, { kind, scope }) {
      if (kind === "anybody") {
        throw new UploadError(
          "forbidden",
          "Sign in to see a list: this server lets anybody in, and tells nobody of others",
        );
      }
      const query = new URL(url).searchParams;
      const limit = limitIn(query.get("limit"));
      const owner = query.get("owner") ?? scope.owner;
      const after = placeIn(query.get("cursor"));
      // Another owner's list is as empty as that of an owner who does not exist.
      const isSeen = owner.length <= LONGEST_OWNER && sees(scope, owner);
      const link = linkIn(query.get("link"));
      const name = link === undefined ? owner : listOfLink(owner, link);
      const { uploads, next } = isSeen ? await engine.list(name, limit, after) : { uploads: [] };
      const cursor = next && `${next.createdAt}.${next.id}`;
      return jsonAnswer({
        uploads: uploads.map((upload) => listed(upload, kind === "link")),
        ...defined({ cursor }),
      }, {
        headers: { "Cache-Control": "no-store" },
      });
    },

    async terminate(_request, id, { scope }) {
      await engine.terminate(id, scope);
      return new Response(null, { status: STATUS_CODE.NoContent });
    },
  };
}

/** The client's own id. A final upload's is made by the server, and has a line break. */
function clientIdOf({ clientId }: ReceivingUpload | CompleteUpload): string | undefined {
  return clientId?.startsWith("\n") ? undefined : clientId;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function limitIn(text: string | null): number {
  if (text === null) return USUAL_LIMIT;
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= MAX_LIMIT) return Number(text);
  throw new UploadError("bad-request", `limit must be a number from 1 to ${MAX_LIMIT}`);
}

function linkIn(text: string | null): string | undefined {
  if (text === null) return undefined;
  if (new RegExp(`^${LINK_ID_FORM}$`).test(text)) return text;
  throw new UploadError("bad-request", "link must be the id of a link, as GET /api/links tells it");
}

function placeIn(cursor: string | null): ListPlace | undefined {
  if (cursor === null) return undefined;
  const [, createdAt, id = ""] = /^(\d{1,15})\.(.+)$/.exec(cursor) ?? [];
  if (createdAt !== undefined && isId(id)) return { createdAt: Number(createdAt), id };
  throw new UploadError("bad-request", "cursor must be the one that the page before gave");
}
