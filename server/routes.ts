import { STATUS_CODE } from "@std/http/status";
import { type Cors, createCors } from "./http/cors.ts";
import { notHere } from "./http/refusals.ts";
import { allowedMethods, type Handler, type Route } from "./http/route.ts";
import { uploadedContentHeaders } from "./http/uploaded_content.ts";
import { ADDRESS } from "./protocols/address.ts";
import { ANSWER_HEADERS, REQUEST_HEADERS } from "./http/header_names.ts";
import { SIMPLE_STATUS, type SimpleProtocol } from "./protocols/simple.ts";
import { OVERRIDES, type TusProtocol } from "./protocols/tus/tus.ts";
import type { Engine } from "./uploads/engine.ts";

/** What answers at the addresses of the map. */
export interface Protocols {
  readonly simple: SimpleProtocol;
  readonly tus: TusProtocol;
  readonly engine: Engine;
  readonly download: Handler;
  /** The origins whose pages may use the server besides its own; `"*"` stands for all. */
  readonly allowedOrigins: readonly string[];
}

/** The whole URL map. What is not here may still be a page or a part of one. */
export function createRoutes({ simple, tus, engine, download, allowedOrigins }: Protocols): Route[] {
  /** The tus protocol's answer to a client that speaks it, and the plain one to any other. */
  const either = (spoken: Handler, plain: Handler): Handler => (request, id) =>
    (tus.isSpoken(request) ? spoken : plain)(request, id);
  const offset: Handler = (request, id) => tus.offset(request, id, download);
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
    { ...files, path: /^\/files\/?$/, methods: { POST: tus.create } },
    {
      ...files,
      path: ADDRESS,
      methods: {
        GET: either(offset, download),
        HEAD: either(tus.status, download),
        PATCH: tus.append,
        DELETE: either(tus.terminate, (_request, id) => removed(engine.terminate(id))),
      },
    },
    { ...files, path: /^\/files\/.*$/, methods: { GET: nothing, PATCH: nothing, DELETE: nothing } },
  ];
}

/** What pages of `allowedOrigins` may do: all that any of the routes for them takes and tells. */
export function corsOf(routes: readonly Route[], allowedOrigins: readonly string[]): Cors {
  const shared = routes.filter(({ crossOrigin }) => crossOrigin);
  return createCors({
    origins: allowedOrigins,
    methods: [...new Set(shared.flatMap(allowedMethods))],
    requestHeaders: REQUEST_HEADERS,
    answerHeaders: ANSWER_HEADERS,
  });
}

async function removed(done: Promise<void>): Promise<Response> {
  await done;
  return new Response(null, { status: STATUS_CODE.NoContent });
}

function nothing(): Promise<Response> {
  throw notHere();
}
