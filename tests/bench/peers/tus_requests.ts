import { request } from "../client.ts";
import type { SourceFile } from "../source.ts";
import { SMALL_BYTES } from "./peer.ts";

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { "Content-Type": "application/offset+octet-stream" };

/** Sends a file as tus-js-client does: a creation, then one `PATCH`. Gives the address that the upload got. */
export async function uploadByTus(url: string, file: SourceFile, signal: AbortSignal): Promise<string> {
  const headers = { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": `filename ${btoa(file.name)}` };
  const created = await request({ method: "POST", url, headers }, signal);
  const location = new URL(created.headers.get("location") ?? "", url).href;
  await request({ method: "PATCH", url: location, headers: { ...TUS, ...BYTES, "Upload-Offset": "0" }, file }, signal);
  return location;
}

/** The headers of a small file that is sent with its creation; `name` is base64. */
export function smallTusHeaders(name: string): Record<string, string> {
  return {
    ...TUS,
    ...BYTES,
    "Upload-Length": String(SMALL_BYTES),
    "Upload-Metadata": `filename ${name}`,
    "Content-Length": String(SMALL_BYTES),
  };
}

/** What a server answers that has it all. */
export const SMALL_TUS_ANSWER = new RegExp(`^HTTP/1\\.1 201 [^]*\\r\\n[Uu]pload-[Oo]ffset: ${SMALL_BYTES}\\r\\n`);
