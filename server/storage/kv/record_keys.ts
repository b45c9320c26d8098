import { createHash } from "node:crypto";
import { linkOf, payerOf } from "../../model/owner.ts";
import type { SameName } from "../../model/same_name.ts";
import type { Upload } from "../../model/upload.ts";

/** The keys of the records in Deno KV. */
export interface RecordKeys {
  /** The key of the upload that claims a path. */
  claim(path: string): Deno.KvKey;
  /** The places of an upload in the lists of its owner and of its link, and in the folders of its payer, until it is over. */
  listed(upload: Upload): Deno.KvKey[];
  /**
   * The keys of a record's indexes: the path that a complete upload claims, or the time at which any other one is due;
   * and its places in lists, until it is over.
   */
  indexes(upload: Upload): Deno.KvKey[];
  /** The entries of a record: the record itself and its indexes. */
  entries(upload: Upload): (readonly [key: Deno.KvKey, value: unknown])[];
  /** The ranges in which the claims of the complete uploads below a folder lie: of all, or of one payer. */
  below(folder: string, payer?: string): Deno.KvListSelector[];
}

/** The key of the time that the server has been in service, in milliseconds. */
export const SERVICE_TIME: Deno.KvKey = ["service-time"];

/**
 * Makes the keys of the records. Two paths that `sameName` makes one name have one key.
 *
 * The table lists all keys and values. Some stored words are older than the words of the code, and stay as they are:
 *
 * | key                           | value                                                                                  |
 * | ----------------------------- | -------------------------------------------------------------------------------------- |
 * | `["upload", id]`              | the record of an upload (`model/upload.ts`)                                            |
 * | `["client", owner, clientId]` | the id of the upload that a client's id means                                          |
 * | `["path", path]`              | the id of the complete upload that claims a path                                       |
 * | `["due", dueAt, id]`          | the id of an upload that is unfinished or over, and due then                            |
 * | `["of", owner, createdAt, id]` | the id of an upload that is not over, for the list of its owner, and of its link (`linkOf`)                        |
 * | `["in", payer, path, id]`     | the id of a complete upload, for the folders of its payer (`model/owner.ts`)           |
 * | `["service-time"]`            | the service time in milliseconds                                                       |
 * | `["format"]`                  | the version of this table, for `upgrade.ts`; or a move that is not finished (`moving.ts`) |
 * | `["moving", id]`              | the path that a file is about to get by a move                                         |
 *
 * `tokens.ts` lists the keys of tokens and sessions. In a record `cutBack` marks a roll back, `boot` is the boot in
 * which it was written, `given` is the bytes that a partial upload gave to its final upload, and the reason `taken` is a
 * file that a person took away.
 */
export function createRecordKeys(sameName: SameName): RecordKeys {
  const claim = (path: string): Deno.KvKey => ["path", ...keyPartsOf(sameName(path))];

  function listed(upload: Upload): Deno.KvKey[] {
    if (upload.state === "gone") return [];
    const { owner, createdAt, id } = upload;
    const link = linkOf(owner);
    const owners = link === undefined ? [owner] : [owner, link];
    const keys: Deno.KvKey[] = owners.map((name) => ["of", name, createdAt, id]);
    if (upload.state === "complete") keys.push(["in", payerOf(owner), ...keyPartsOf(sameName(upload.path)), id]);
    return keys;
  }

  function indexes(upload: Upload): Deno.KvKey[] {
    const own = upload.state === "complete" ? claim(upload.path) : ["due", upload.dueAt, upload.id];
    return [own, ...listed(upload)];
  }

  return {
    claim,
    listed,
    indexes,
    entries: (upload) => [[uploadKey(upload.id), upload], ...indexes(upload).map((key) => [key, upload.id] as const)],
    below(folder, payer) {
      const start = sameName(`${folder}/`);
      const all = payer === undefined ? ["path"] : ["in", payer];
      // "0" follows "/".
      const near = { start: [...all, start], end: [...all, `${start.slice(0, -1)}0`] };
      // Below a longer folder every path is a long one.
      return [...keyPartsOf(start).length === 1 ? [near] : [], { prefix: [...all, ""] }];
    },
  };
}

/** The key of an upload's record. */
export function uploadKey(id: string): Deno.KvKey {
  return ["upload", id];
}

/** The key of the upload that a client's id means. */
export function clientKey(owner: string, clientId: string): Deno.KvKey {
  return ["client", owner, ...keyPartsOf(clientId)];
}

/** The text itself, so that related keys lie together; or its digest, if the text is too long for a key. */
function keyPartsOf(text: string): string[] {
  return text.length <= 256 ? [text] : ["", createHash("sha256").update(text).digest("base64url")];
}
