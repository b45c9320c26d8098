import { join } from "@std/path";
import type { Config } from "../config/config.ts";
import { UploadError } from "../errors.ts";
import { parseSecret } from "../config/hook_values.ts";
import type { Log } from "../log.ts";
import { takenOver } from "../model/agree.ts";
import type { FileFacts, ReceivingUpload } from "../model/upload.ts";
import { foldersOf } from "../storage/disk/files.ts";
import type { Asking } from "../uploads/asking.ts";
import { type NewPlace, readAnswer } from "./answer.ts";
import { post } from "./post.ts";
import { isPublic } from "./public_address.ts";
import { signedHeaders } from "./signature.ts";

/** The options of who is asked. */
export type AskOptions = Pick<
  Config,
  "preCreateUrl" | "preFinishUrl" | "askTimeoutMs" | "takesUnasked" | "webhookSecret" | "webhookAllowPrivate" | "data"
>;

/**
 * Makes the one that asks the URLs of the configuration, by messages that are signed as those of webhooks. Nobody is
 * waited for once `ending` aborts.
 */
export function createAsking(
  options: AskOptions,
  { log, now, ending }: { log: Log; now: () => number; ending: AbortSignal },
): Asking {
  const { preCreateUrl, preFinishUrl, askTimeoutMs, takesUnasked, webhookSecret, webhookAllowPrivate, data } = options;
  const allows = webhookAllowPrivate ? () => true : isPublic;
  const secret = parseSecret(webhookSecret) ?? new Uint8Array();

  /**
   * Throws the refusal, `taken-over` when `own` aborts for that reason, and `cannot-ask` when there is no answer and files
   * are not taken without one.
   */
  async function ask(
    url: string,
    type: string,
    about: Record<string, unknown>,
    own: AbortSignal = ending,
  ): Promise<NewPlace> {
    const body = JSON.stringify({ type, timestamp: new Date(now()).toISOString(), data: about });
    const headers = {
      "content-type": "application/json",
      "user-agent": "Pawl",
      ...signedHeaders({ id: crypto.randomUUID(), body, at: now() }, secret),
    };
    let problem: string;
    try {
      const stop = AbortSignal.any([AbortSignal.timeout(askTimeoutMs), ending, own]);
      const answer = await post({ url: new URL(url), headers, body }, { allows, stop });
      const place = readAnswer(answer);
      if (place !== undefined) return place;
      problem = answer.isWhole ? `it answered ${answer.status}` : "its answer broke off";
    } catch (error) {
      if (error instanceof UploadError && error.code !== "bad-request") throw error;
      problem = (error instanceof Error ? error.message : String(error)).slice(0, 300);
    }
    if (own.aborted && own.reason === "taken-over") throw takenOver();
    log.warning("Cannot ask {host} about an upload: {problem}", { host: new URL(url).host, problem });
    if (takesUnasked && !ending.aborted && !own.aborted) return {};
    throw new UploadError("cannot-ask", "The server cannot ask now whether it may take this file: try again later");
  }

  return {
    asksBeforeBegin: preCreateUrl !== "",
    async create(facts, stop) {
      if (preCreateUrl === "" || facts.partial) return facts;
      return { ...facts, ...await ask(preCreateUrl, "upload.create", told(facts), stop) };
    },
    async finish(upload) {
      if (preFinishUrl === "") return upload;
      const { id, offset } = upload;
      const file = join(foldersOf(data).incoming, id);
      const about = { id, ...told(upload), length: offset, file };
      const place = await ask(preFinishUrl, "upload.finish", about).catch(throwKept);
      return { ...upload, ...place };
    },
  };
}

/** The bytes of a file that is too large are rolled back (I10), but those that are refused at the end are kept. */
function throwKept(error: unknown): never {
  throw error instanceof UploadError && error.code === "too-large"
    ? new UploadError("not-wanted", error.message)
    : error;
}

/** The facts of a file that are told: those from its client, and the address that it comes from. */
function told(facts: FileFacts | ReceivingUpload): Record<string, unknown> {
  const { owner, clientId, name, folders, length, type, metadata, from } = facts;
  return { owner, clientId, name, folder: folders.join("/"), length, type, metadata, address: from };
}
