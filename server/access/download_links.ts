import { createHmac } from "node:crypto";
import { STATUS_CODE } from "@std/http/status";
import { UploadError } from "../errors.ts";
import type { Downloads } from "../http/downloads.ts";
import type { Folders } from "../http/folders.ts";
import { wantsPage } from "../http/refusals.ts";
import type { Handler } from "../http/route.ts";
import type { Sender } from "../http/sender.ts";
import { queryOf } from "../http/target.ts";
import type { DownloadLink } from "../model/link.ts";
import { isOwnAddress, networkOf } from "../networks.ts";
import type { LinkStore } from "../storage/link_store.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { downloadPage, noSuchLink, passwordPage } from "./link_pages.ts";
import { type Pass, PASS_MS, passIn, setPass } from "./link_passes.ts";
import type { LinkPasswords } from "./link_passwords.ts";
import { credentialsIn } from "./secret.ts";
import type { SmallBodies } from "./small_bodies.ts";

/** The longest body with a password, in bytes. */
const MAX_BODY = 4096;

/** The dependencies of {@linkcode createDownloadLinks}. */
export interface DownloadLinksDeps {
  readonly gatekeeper: Gatekeeper;
  readonly store: LinkStore;
  readonly passwords: LinkPasswords;
  readonly downloads: Downloads;
  readonly folders: Folders;
  readonly bodies: SmallBodies;
  /** The key by which cookies are signed. */
  readonly key: Uint8Array;
  /** The path that clients see before the server's own paths; empty for none. */
  readonly above: string;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** The handlers of `/d/<secret>`. */
export interface DownloadLinks {
  /** `GET` and `HEAD`: a page for a browser that opens the link, and the file or folder for everything else. */
  readonly send: Handler;
  /** `POST`: takes the password from the page's form. */
  readonly open: Handler;
}

/**
 * Makes the handlers of download links. A link that expired, is used up, was removed or never was gets one answer.
 *
 * A visitor counts once a day, with its first answer that has bytes of the file. So a download that is resumed, or that
 * comes in parts, counts once, also when the link is used up meanwhile. A visitor is known by a cookie, or by its
 * address, unless that is this machine's own, which all clients behind a proxy may have.
 */
export function createDownloadLinks(
  { gatekeeper, store, passwords, downloads, folders, bodies, key, above, now }: DownloadLinksDeps,
): DownloadLinks {
  function pass(link: DownloadLink, secret: string, given: Pass, { isHttps }: Sender): Record<string, string> {
    const path = `${above}/d/${secret}`;
    return { "Set-Cookie": setPass(link, given, { key, now: now(), isHttps, path }) };
  }

  async function bytesOf(request: Request, link: DownloadLink, rest: Parameters<Handler>): Promise<Response> {
    const { target, owner } = link;
    if ("file" in target) return await downloads.send(request, target.file, rest[2], rest[3]);
    const scope = { owner, ...target.seesAll && { seesAll: true } as const };
    return await folders.sendFolder(request, target.folder, scope);
  }

  /** Throws `unauthorized` when the request has not the link's password. */
  async function checkPassword(request: Request, link: DownloadLink, sender: Sender): Promise<void> {
    const given = credentialsIn(request.headers.get("authorization") ?? "")?.secret;
    if (given === undefined) {
      throw new UploadError("unauthorized", "This link has a password: send it by Basic, with any user name", {
        headers: { "WWW-Authenticate": 'Basic realm="Pawl link", charset="UTF-8"' },
      });
    }
    await passwords.check(link, given, sender);
  }

  /** Counts a visitor; false when the link is used up. Throws what the store throws. */
  async function count({ hash }: DownloadLink, known: string | undefined, { body }: Response): Promise<boolean> {
    const visit = known === undefined ? undefined : { visitor: known, expiresAt: now() + PASS_MS };
    let isCounted = false;
    try {
      return isCounted = await store.countDownload(hash, visit, now());
    } finally {
      // The answer is dropped, so its open file is closed.
      if (!isCounted) await body?.cancel();
    }
  }

  return {
    async send(request, secret, visitor, sender) {
      const link = await gatekeeper.linkOf(secret, "download", sender);
      if (link === undefined) return noSuchLink(request);
      const { hash, maxDownloads } = link;
      const had = passIn(request.headers.get("cookie"), link, { key, now: now(), isHttps: sender.isHttps });
      const known = visitorAt(link, sender, key);
      const isCounted = had === "counted" || known !== undefined && await store.hasVisited(hash, known, now());
      const isLimited = !isCounted && maxDownloads !== undefined;
      if (isLimited && await store.downloads(hash) >= maxDownloads) return noSuchLink(request);
      const isPage = wantsPage(request) && !queryOf(request).has("download");
      if (link.password !== undefined && had === undefined) {
        if (isPage && !request.headers.has("authorization")) return passwordPage(request);
        await checkPassword(request, link, sender);
      }
      const asked = isPage ? new Request(request.url, { method: "HEAD", signal: request.signal }) : request;
      const response = await bytesOf(asked, link, [asked, secret, visitor, sender]).catch((error) => {
        if (isNothing(error)) return noSuchLink(request);
        throw error;
      });
      if (isPage) {
        if (response.status !== STATUS_CODE.OK) return response;
        return downloadPage(request, link, described(link, response.headers));
      }
      if (!hasBytes(request, response)) return response;
      if (!isCounted && !await count(link, known, response)) return noSuchLink(request);
      if (had !== "counted") response.headers.set("Set-Cookie", pass(link, secret, "counted", sender)["Set-Cookie"]!);
      return response;
    },

    async open(request, secret, _visitor, sender) {
      gatekeeper.checkPage(request, sender);
      const link = await gatekeeper.linkOf(secret, "download", sender);
      if (link === undefined) return noSuchLink(request);
      const password = new URLSearchParams(await bodies.text(request, MAX_BODY)).get("password") ?? "";
      try {
        await passwords.check(link, password, sender);
      } catch (error) {
        if (error instanceof UploadError) return passwordPage(request, error);
        throw error;
      }
      return new Response(null, {
        status: STATUS_CODE.SeeOther,
        // The path's last segment alone leads to the same path, also where a proxy has put folders before it.
        headers: { "Location": secret, "Cache-Control": "no-store", ...pass(link, secret, "opened", sender) },
      });
    },
  };
}

/** The text by which the visitor of a link is known without a cookie: made of its address, which it does not tell. */
function visitorAt({ hash }: DownloadLink, { address }: Sender, key: Uint8Array): string | undefined {
  if (address === undefined || isOwnAddress(address)) return undefined;
  return createHmac("sha256", key).update(`visit.${hash}.${networkOf(address)}`).digest("base64url");
}

/** True for an answer that brings bytes of the file. */
function hasBytes({ method }: Request, { status }: Response): boolean {
  return method === "GET" && (status === STATUS_CODE.OK || status === STATUS_CODE.PartialContent);
}

/** True for the error of a file or folder that is not there any more. */
function isNothing(error: unknown): boolean {
  return error instanceof UploadError && ["not-found", "gone", "terminated"].includes(error.code);
}

/** The name and the length that the headers of the file or folder tell. */
function described({ target }: DownloadLink, headers: Headers): { name: string; length?: number } {
  const encoded = /filename\*=UTF-8''(\S+)$/.exec(headers.get("content-disposition") ?? "")?.[1] ?? "";
  const name = decodeURIComponent(encoded);
  return "file" in target ? { name, length: Number(headers.get("content-length")) } : { name };
}
