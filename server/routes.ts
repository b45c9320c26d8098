import { STATUS_CODE } from "@std/http/status";
import type { Config } from "./config/config.ts";
import { derived } from "./config/derived.ts";
import { UploadError } from "./errors.ts";
import { type Cors, createCors } from "./http/cors.ts";
import type { Downloads } from "./http/downloads.ts";
import type { Folders } from "./http/folders.ts";
import type { DownloadLinks } from "./access/download_links.ts";
import type { LinksApi } from "./access/links_api.ts";
import type { SessionHandlers } from "./access/session_routes.ts";
import { linkOf, type UploadLinks } from "./access/upload_links.ts";
import { noSuchFile, notHere } from "./http/refusals.ts";
import { allowedMethods, type Handler, type Need, type Route } from "./http/route.ts";
import { uploadedContentHeaders } from "./http/uploaded_content.ts";
import { ADDRESS } from "./protocols/address.ts";
import { ANSWER_HEADERS, REQUEST_HEADERS } from "./http/header_names.ts";
import { type OperationsHandlers, operationsRoutes } from "./operations/routes.ts";
import type { SimpleProtocol } from "./protocols/simple.ts";
import { SIMPLE_STATUS } from "./protocols/simple_status.ts";
import { isForm } from "./protocols/form/form.ts";
import type { IetfProtocol } from "./protocols/ietf/ietf.ts";
import { OVERRIDES, type TusProtocol } from "./protocols/tus/tus.ts";
import type { UploadsApi } from "./protocols/uploads_api.ts";
import { ID_FORM } from "./model/id.ts";
import { LINK_ID_FORM } from "./model/link.ts";
import type { Engine } from "./uploads/engine.ts";
import { noSuchUpload } from "./uploads/owners.ts";

/** The protocols and handlers that the URL map leads to. */
export interface Protocols {
  readonly simple: SimpleProtocol;
  /** Takes many files in one request. */
  readonly forms: Handler;
  readonly tus: TusProtocol;
  readonly ietf: IetfProtocol;
  readonly engine: Engine;
  readonly session: SessionHandlers;
  readonly uploads: UploadsApi;
  readonly links: LinksApi;
  readonly uploadLinks: UploadLinks;
  readonly downloadLinks: DownloadLinks;
  readonly limits: Handler;
  readonly downloads: Downloads;
  readonly folders: Folders;
  readonly operations: OperationsHandlers;
  /** True when anybody may read the metrics. */
  readonly hasOpenMetrics: () => boolean;
  /** The path that clients see before the server's own paths. By default there is none. */
  readonly above?: string;
  /** The origins whose pages may use the server besides its own, which may change. */
  readonly config: Pick<Config, "allowedOrigins">;
}

/** Makes the whole URL map. Any other path may still be a file of the page. */
export function createRoutes(
  {
    simple,
    forms,
    tus,
    ietf,
    engine,
    session,
    uploads,
    links,
    uploadLinks,
    downloadLinks,
    limits,
    downloads,
    folders,
    operations,
    hasOpenMetrics,
    above,
    config,
  }: Protocols,
): Route[] {
  /** A handler that answers clients of tus and of the IETF's protocol each by its own, and any other by `plain`. */
  const each = (byTus: Handler, byIetf: Handler, plain: Handler): Handler => (request, ...rest) =>
    (tus.isSpoken(request) ? byTus : ietf.isSpoken(request) ? byIetf : plain)(request, ...rest);
  const send: Handler = (request, ...rest) => (isForm(request) ? forms : simple.send)(request, ...rest);
  /** Clients of a protocol ask how far an upload is, which is a part of uploading, where others get the file. */
  const reads = (request: Request): Need => tus.isSpoken(request) || ietf.isSpoken(request) ? "upload" : "read";
  /** Gives the file of an upload in the visitor's scope. */
  const download: Handler = async (request, id, visitor, sender) => {
    if (!await engine.has(id, visitor.scope)) throw noSuchFile();
    return await downloads.send(request, id, visitor, sender);
  };
  const offset: Handler = (request, id, visitor, sender) =>
    tus.offset(request, id, visitor, () => downloads.send(request, id, visitor, sender));
  const described: Handler = (request, id, visitor, sender) =>
    ietf.described(request, id, visitor, () => download(request, id, visitor, sender));
  const put: Handler = () => {
    throw new UploadError(
      "method-not-allowed",
      "PUT takes a file with Upload-Complete: ?1: or send it by POST to /upload",
    );
  };
  const folder: Handler = (request, _id, { scope }) => folders.send(request, scope);
  const terminate: Handler = async (request, id, { scope }) => {
    // Conditions would tell about an upload that the visitor may not see.
    if (!await engine.has(id, scope)) throw noSuchUpload();
    await downloads.checkConditions(request, id);
    await engine.terminate(id, scope);
    return new Response(null, { status: STATUS_CODE.NoContent });
  };
  const sentByLink: Handler = async (request, id, visitor, sender) => {
    linkOf(visitor);
    return await uploads.list(request, id, visitor, sender);
  };
  const nothing: Handler = () => {
    throw notHere(above);
  };
  const harmless = derived(() => config.allowedOrigins, uploadedContentHeaders);
  const files = {
    crossOrigin: true,
    overrides: OVERRIDES,
    isApi: ietf.isSpoken,
    statuses: (request: Request, method: string) =>
      ietf.isSpoken(request) ? ietf.statuses(method) : tus.statuses(request, method),
    headers: (request: Request, method: string) => ({
      ...harmless(),
      ...method === "OPTIONS" && ietf.options(request),
      ...method !== "OPTIONS" && ietf.isSpoken(request) ? ietf.headers(request, method) : tus.headers(request, method),
    }),
  } as const;
  const simply = {
    crossOrigin: true,
    statuses: () => SIMPLE_STATUS,
    headers: simple.headers,
  } as const;
  const api = { crossOrigin: true, isApi: true } as const;
  return [
    { ...simply, path: /^\/status$/, template: "/status", methods: { GET: simple.status }, needs: { GET: "upload" } },
    {
      ...simply,
      path: /^\/upload$/,
      template: "/upload",
      methods: { POST: send, DELETE: simple.terminate },
      needs: { POST: "upload", DELETE: "upload" },
    },
    {
      ...files,
      path: /^\/files\/?$/,
      template: "/files/",
      methods: { GET: folder, POST: each(tus.create, ietf.create, tus.create), PUT: each(put, ietf.create, put) },
      needs: { GET: "read", POST: "upload", PUT: "upload" },
    },
    {
      ...files,
      path: ADDRESS,
      template: "/files/<id>",
      methods: {
        GET: each(offset, ietf.status, described),
        HEAD: each(tus.status, ietf.status, described),
        PATCH: each(tus.append, ietf.append, tus.append),
        DELETE: each(tus.terminate, ietf.terminate, terminate),
      },
      needs: { GET: reads, HEAD: reads, PATCH: "upload", DELETE: "upload" },
    },
    {
      ...files,
      path: /^\/files\/.*$/,
      template: "/files/<other>",
      methods: { GET: nothing, PATCH: nothing, DELETE: nothing },
      needs: NOTHING,
    },
    {
      ...api,
      path: /^\/api\/uploads$/,
      template: "/api/uploads",
      methods: { GET: uploads.list },
      needs: { GET: "read" },
    },
    {
      ...api,
      path: new RegExp(`^/api/uploads/(${ID_FORM})$`),
      template: "/api/uploads/<id>",
      methods: { DELETE: uploads.terminate },
      needs: { DELETE: "upload" },
    },
    { ...api, path: /^\/api\/limits$/, template: "/api/limits", methods: { GET: limits }, needs: { GET: "upload" } },
    {
      ...api,
      path: /^\/api\/links$/,
      template: "/api/links",
      methods: { GET: links.list, POST: links.create },
      needs: { GET: "upload", POST: "upload" },
    },
    {
      ...api,
      path: new RegExp(`^/api/links/(${LINK_ID_FORM})$`),
      template: "/api/links/<id>",
      methods: { DELETE: links.remove },
      needs: { DELETE: "upload" },
    },
    {
      ...api,
      path: /^\/api\/link$/,
      template: "/api/link",
      methods: { GET: uploadLinks.about },
      needs: { GET: "upload" },
    },
    {
      ...api,
      path: /^\/api\/link\/uploads$/,
      template: "/api/link/uploads",
      methods: { GET: sentByLink },
      needs: { GET: "upload" },
    },
    {
      path: /^\/u\/([^/]+)$/,
      template: "/u/<secret>",
      methods: { GET: uploadLinks.page },
      needs: { GET: "nothing" },
      isKey: true,
      headers: () => OF_LINK,
    },
    {
      path: /^\/d\/([^/]+)$/,
      template: "/d/<secret>",
      methods: { GET: downloadLinks.send, POST: downloadLinks.open },
      needs: { GET: "nothing", POST: "nothing" },
      isKey: true,
      headers: () => ({ ...harmless(), ...OF_LINK }),
    },
    {
      path: /^\/api\/session$/,
      template: "/api/session",
      methods: { GET: session.who, POST: session.signIn, DELETE: session.signOut },
      needs: { GET: "nothing", POST: "nothing", DELETE: "nothing" },
      isApi: true,
    },
    ...operationsRoutes(operations, () => hasOpenMetrics() ? "nothing" : "admin"),
  ];
}

/** The CORS headers for pages of `config.allowedOrigins`: they list all that any route for such pages reads and answers. */
export function corsOf(routes: readonly Route[], config: Pick<Config, "allowedOrigins">): Cors {
  const shared = routes.filter(({ crossOrigin }) => crossOrigin);
  return createCors({
    get origins() {
      return config.allowedOrigins;
    },
    methods: [...new Set(shared.flatMap(allowedMethods))],
    requestHeaders: REQUEST_HEADERS,
    answerHeaders: ANSWER_HEADERS,
  });
}

/** No page tells another site of a link's address, and no search engine keeps it. */
const OF_LINK = { "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex" } as const;

/** An address at which there is nothing asks nobody who they are. */
const NOTHING = { GET: "nothing", PATCH: "nothing", DELETE: "nothing" } as const;
