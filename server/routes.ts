import { STATUS_CODE } from "@std/http/status";
import { type Cors, createCors } from "./http/cors.ts";
import type { Downloads } from "./http/downloads.ts";
import type { Folders } from "./http/folders.ts";
import { notHere } from "./http/refusals.ts";
import { allowedMethods, type Handler, type Route } from "./http/route.ts";
import { uploadedContentHeaders } from "./http/uploaded_content.ts";
import { ADDRESS } from "./protocols/address.ts";
import { ANSWER_HEADERS, REQUEST_HEADERS } from "./http/header_names.ts";
import { SIMPLE_STATUS, type SimpleProtocol } from "./protocols/simple.ts";
import { OVERRIDES, type TusProtocol } from "./protocols/tus/tus.ts";
import type { Engine } from "./uploads/engine.ts";

/** The protocols and handlers that the URL map leads to. */
export interface Protocols {
  readonly simple: SimpleProtocol;
  readonly tus: TusProtocol;
  readonly engine: Engine;
  readonly downloads: Downloads;
  readonly folders: Folders;
  /** The origins whose pages may use the server besides its own; `"*"` stands for all. */
  readonly allowedOrigins: readonly string[];
}

/** Makes the whole URL map. Any other path may still be a file of the page. */
export function createRoutes({ simple, tus, engine, downloads, folders, allowedOrigins }: Protocols): Route[] {
  /** A handler that answers clients of tus by `spoken`, and any other by `plain`. */
  const either = (spoken: Handler, plain: Handler): Handler => (request, id) =>
    (tus.isSpoken(request) ? spoken : plain)(request, id);
  const offset: Handler = (request, id) => tus.offset(request, id, downloads.send);
  // Nobody signs in, so everybody may read every file.
  const folder: Handler = (request) => folders.send(request, () => true);
  const terminate: Handler = async (request, id) => {
    await downloads.checkConditions(request, id);
    await engine.terminate(id);
    return new Response(null, { status: STATUS_CODE.NoContent });
  };
  const harmless = uploadedContentHeaders(allowedOrigins);
  const files = {
    crossOrigin: true,
    overrides: OVERRIDES,
    statuses: tus.statuses,
    headers: (request: Request, method: string) => ({ ...harmless, ...tus.headers(request, method) }),
  } as const;
  const simply = {
    crossOrigin: true,
    statuses: () => SIMPLE_STATUS,
    headers: simple.headers,
  } as const;
  return [
    { ...simply, path: /^\/status$/, methods: { GET: simple.status } },
    { ...simply, path: /^\/upload$/, methods: { POST: simple.send, DELETE: simple.terminate } },
    { ...files, path: /^\/files\/?$/, methods: { GET: folder, POST: tus.create } },
    {
      ...files,
      path: ADDRESS,
      methods: {
        GET: either(offset, downloads.send),
        HEAD: either(tus.status, downloads.send),
        PATCH: tus.append,
        DELETE: either(tus.terminate, terminate),
      },
    },
    { ...files, path: /^\/files\/.*$/, methods: { GET: nothing, PATCH: nothing, DELETE: nothing } },
  ];
}

/** The CORS headers for pages of `allowedOrigins`: they list all that any route for such pages reads and answers. */
export function corsOf(routes: readonly Route[], allowedOrigins: readonly string[]): Cors {
  const shared = routes.filter(({ crossOrigin }) => crossOrigin);
  return createCors({
    origins: allowedOrigins,
    methods: [...new Set(shared.flatMap(allowedMethods))],
    requestHeaders: REQUEST_HEADERS,
    answerHeaders: ANSWER_HEADERS,
  });
}

function nothing(): Promise<Response> {
  throw notHere();
}
