import { type AccessSite, openAccessSite, type SentHeaders } from "./access_site.ts";
import { type MadeLink, makeLink } from "./links.ts";

/** The headers of tus, without and with bytes. */
export const TUS = { "Tus-Resumable": "1.0.0" };
export const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };
/** The header of tus that names a file. */
export const named = (name: string) => ({ "Upload-Metadata": `filename ${btoa(name)}` });

/** A server that lets in nobody without a token, and the headers of Anna, who makes links. */
export async function openUploadSite(wishes = {}): Promise<{ site: AccessSite; anna: SentHeaders } & AsyncDisposable> {
  const site = await openAccessSite({ host: "0.0.0.0", ...wishes });
  return { site, anna: await site.token({ name: "anna" }), [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

/** Sends a request, and gives the status of its answer. */
export const statusOf = async (site: AccessSite, line: string, headers: SentHeaders, body?: string) =>
  (await site.ask(line, headers, { ...body !== undefined && { body } })).status;

/** Begins an upload of `length` bytes without one of them, and gives the status and the address. */
export async function begin(site: AccessSite, headers: SentHeaders, length: number, more: SentHeaders = {}) {
  const answer = await site.ask("POST /files/", { ...TUS, "Upload-Length": String(length), ...more, ...headers });
  return { status: answer.status, location: answer.headers.get("location") ?? "", text: answer.text };
}

/** A server with a finished file of Anna's, who makes links, and what asks for a link from an address. */
export interface DownloadSite extends AsyncDisposable {
  readonly site: AccessSite;
  readonly anna: SentHeaders;
  /** The id of the file. */
  readonly file: string;
  make(wish?: object): Promise<MadeLink>;
  get(link: MadeLink, from?: number, headers?: SentHeaders, line?: string): ReturnType<AccessSite["ask"]>;
}

/** Opens a server that lets in nobody without a token. */
export async function openDownloadSite(wishes = {}): Promise<DownloadSite> {
  const site = await openAccessSite({ host: "0.0.0.0", ...wishes });
  const anna = await site.token({ name: "anna" });
  const place = { "Upload-Metadata": `relativePath ${btoa("trip/a.bin")}` };
  const file = (await site.send(anna, "0123456789", place)).split("/").at(-1)!;
  return {
    site,
    anna,
    file,
    make: (wish) => makeLink(site, anna, { kind: "download", file, ...wish }),
    get: (link, from = 1, headers = {}, line = "GET") =>
      site.ask(`${line} ${link.path}`, headers, { address: `192.0.2.${from}` }),
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

/** How many downloads of its one link Anna is told. */
export async function downloadsOf({ site, anna }: DownloadSite): Promise<number> {
  const [{ downloads }] = JSON.parse((await site.ask("GET /api/links", anna)).text).links;
  return downloads;
}
