import { STATUS_CODE } from "@std/http/status";
import type { ErrorCode } from "./errors.ts";
import { SIMPLE_STATUS, type SimpleProtocol } from "./protocols/simple.ts";
import type { Engine } from "./uploads/engine.ts";

/** Answers one method of one resource; `id` is the part of the path that the route leaves open. */
export type Handler = (request: Request, id: string) => Promise<Response>;

export interface Route {
  /** The whole path, matched from end to end. Its one group, where it has one, is the id. */
  readonly path: RegExp;
  /** `HEAD` is answered wherever `GET` is. */
  readonly methods: Readonly<Record<string, Handler>>;
  /** Pages of other origins may use it, where they are allowed to. */
  readonly crossOrigin?: true;
  /** Where the protocol has its own status for a failure. */
  readonly statuses?: Partial<Record<ErrorCode, number>>;
}

/** The whole URL map. What is not here may still be a page or a part of one. */
export function createRoutes(
  { simple, engine, download }: { simple: SimpleProtocol; engine: Engine; download: Handler },
): Route[] {
  return [
    {
      path: /^\/status$/,
      methods: { GET: simple.status },
      crossOrigin: true,
      statuses: SIMPLE_STATUS,
    },
    {
      path: /^\/upload$/,
      methods: { POST: simple.send, DELETE: simple.giveUp },
      crossOrigin: true,
      statuses: SIMPLE_STATUS,
    },
    {
      path: /^\/files\/([A-Za-z0-9_-]{22})$/,
      methods: { GET: download, DELETE: (_request, id) => removed(engine.terminate(id)) },
      crossOrigin: true,
    },
  ];
}

async function removed(done: Promise<void>): Promise<Response> {
  await done;
  return new Response(null, { status: STATUS_CODE.NoContent });
}
