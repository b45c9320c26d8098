import { STATUS_CODE } from "@std/http/status";
import { type ErrorCode, UploadError } from "./errors.ts";
import { ID_FORM } from "./model/address.ts";
import { SIMPLE_STATUS, type SimpleProtocol } from "./protocols/simple.ts";
import type { TusProtocol } from "./protocols/tus/tus.ts";
import type { Engine } from "./uploads/engine.ts";

/** Answers one method of one resource; `id` is the part of the path that the route leaves open. */
export type Handler = (request: Request, id: string) => Promise<Response>;

/** The statuses of failures, where they are not those of the common table. */
export type Statuses = Partial<Record<ErrorCode, number>>;

export interface Route {
  /** The whole path, matched from end to end. Its one group, where it has one, is the id. */
  readonly path: RegExp;
  /** `HEAD` is answered wherever `GET` is. */
  readonly methods: Readonly<Record<string, Handler>>;
  /** Pages of other origins may use it, where they are allowed to. */
  readonly crossOrigin?: true;
  /** A request may mean another method than the one that it is sent by. */
  readonly takesOverride?: true;
  /** Where the protocol of a request has its own status for a failure. */
  statuses?(request: Request, method: string): Statuses;
  /** What the protocol of a request wants in every answer, errors too. */
  headers?(request: Request, method: string): Record<string, string>;
}

/** The whole URL map. What is not here may still be a page or a part of one. */
export function createRoutes(
  { simple, tus, engine, download }: {
    simple: SimpleProtocol;
    tus: TusProtocol;
    engine: Engine;
    download: Handler;
  },
): Route[] {
  /** The tus protocol's answer to a client that speaks it, and the plain one to any other. */
  const either = (spoken: Handler, plain: Handler): Handler => (request, id) =>
    (tus.isSpoken(request) ? spoken : plain)(request, id);
  const offset: Handler = (request, id) => tus.offset(request, id, download);
  const files = {
    crossOrigin: true,
    takesOverride: true,
    statuses: tus.statuses,
    headers: tus.headers,
  } as const;
  return [
    {
      path: /^\/status$/,
      methods: { GET: simple.status },
      crossOrigin: true,
      statuses: () => SIMPLE_STATUS,
      headers: simple.headers,
    },
    {
      path: /^\/upload$/,
      methods: { POST: simple.send, DELETE: simple.terminate },
      crossOrigin: true,
      statuses: () => SIMPLE_STATUS,
      headers: simple.headers,
    },
    { ...files, path: /^\/files\/?$/, methods: { POST: tus.create } },
    {
      ...files,
      path: new RegExp(`^/files/(${ID_FORM})$`),
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

async function removed(done: Promise<void>): Promise<Response> {
  await done;
  return new Response(null, { status: STATUS_CODE.NoContent });
}

function nothing(): Promise<Response> {
  throw new UploadError("not-found", "There is nothing here: the page is at /");
}
