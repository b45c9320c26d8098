import { STATUS_CODE } from "@std/http/status";
import type { Admission, Connection } from "./admission.ts";
import { corsHeaders } from "./cors.ts";
import { type ErrorCode, STATUS, told, UploadError } from "./errors.ts";
import { drain, type DrainBounds } from "./drain.ts";
import type { Log } from "./log.ts";
import type { Pages } from "./pages.ts";
import type { Route } from "./routes.ts";

export interface AppParts {
  readonly routes: readonly Route[];
  readonly pages: Pages;
  readonly admission: Admission;
  readonly allowedOrigins: readonly string[];
  readonly log: Log;
}

/** Answers a request; never throws. A request that comes over no connection is always let in. */
export type App = (request: Request, connection?: Connection) => Promise<Response>;

/** Seconds after which a client may come again, for the failures that pass by themselves. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = { "locked": 2, "shutdown": 2, "too-many": 5 };

/** About a second's worth on a good line, or a request of Pawl's own client. */
const DRAIN: DrainBounds = { bytes: 8 * 2 ** 20, ms: 60_000 };

/** Brings requests to their handlers, and what those throw to the client. */
export function createApp({ routes, pages, admission, allowedOrigins, log }: AppParts): App {
  async function admitted(request: Request, connection: Connection | undefined): Promise<Response> {
    try {
      if (connection !== undefined) admission.enter(connection);
    } catch (error) {
      return errorResponse(told(error));
    }
    return await answer(request);
  }

  async function answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    for (const route of routes) {
      const [whole, id = ""] = route.path.exec(path) ?? [];
      if (whole !== undefined) return await answerRoute(route, request, id);
    }
    return await answerPage(path, request);
  }

  async function answerRoute(route: Route, request: Request, id: string): Promise<Response> {
    const methods = allowedMethods(Object.keys(route.methods));
    const response = await answered(request, route.statuses, () => {
      if (request.method === "OPTIONS") return Promise.resolve(noContent({ "Allow": methods.join(", ") }));
      const handler = route.methods[request.method === "HEAD" ? "GET" : request.method];
      if (handler === undefined) throw notAllowed(request.method);
      return handler(request, id);
    });
    if (response.status === STATUS_CODE.MethodNotAllowed) response.headers.set("Allow", methods.join(", "));
    if (!route.crossOrigin) return response;
    for (const [name, value] of Object.entries(corsHeaders(request, { allowed: allowedOrigins, methods }))) {
      response.headers.set(name, value);
    }
    return response;
  }

  function answerPage(path: string, request: Request): Promise<Response> {
    return answered(request, {}, async () => {
      const response = await pages.serve(path, request.headers);
      if (response === undefined) throw new UploadError("not-found", "There is nothing here: the page is at /");
      if (request.method === "GET" || request.method === "HEAD") return response;
      const allow = { "Allow": allowedMethods(["GET"]).join(", ") };
      if (request.method === "OPTIONS") return noContent(allow);
      return errorResponse(notAllowed(request.method), {}, allow);
    });
  }

  async function answered(
    request: Request,
    statuses: Route["statuses"],
    handle: () => Promise<Response>,
  ): Promise<Response> {
    try {
      return await handle();
    } catch (error) {
      const known = told(error);
      if (known.code === "failed") return failure(request, known);
      log.debug("{method} {url}: {message}", { method: request.method, url: request.url, message: known.message });
      return errorResponse(known, statuses);
    }
  }

  /** A bug, or a disk that fails: the client gets an id, by which the log tells the rest. */
  function failure(request: Request, error: UploadError): Response {
    const requestId = crypto.randomUUID();
    const { method, url } = request;
    const cause = error.cause ?? error;
    log.error("Request {requestId}, {method} {url}, failed: {cause}", { requestId, method, url, cause });
    return errorResponse(error, {}, { "X-Request-Id": requestId }, ` (request ${requestId})`);
  }

  return async (request, connection) => {
    const response = await admitted(request, connection);
    // Not awaited: the answer goes first, and tells the client to stop.
    if (request.body !== null) drain(request.body, DRAIN);
    return response;
  };
}

function errorResponse(
  { code, message, offset }: UploadError,
  statuses: Route["statuses"] = {},
  headers: Record<string, string> = {},
  suffix = "",
): Response {
  const retryAfter = RETRY_AFTER[code];
  return new Response(`${message}${suffix}`, {
    status: statuses[code] ?? STATUS[code],
    headers: {
      "Content-Type": "text/plain; charset=UTF-8",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      ...offset !== undefined && { "Upload-Offset": String(offset) },
      ...retryAfter !== undefined && { "Retry-After": String(retryAfter) },
      ...headers,
    },
  });
}

function notAllowed(method: string): UploadError {
  return new UploadError("method-not-allowed", `Nothing here answers to ${method}: see the Allow header`);
}

function allowedMethods(methods: string[]): string[] {
  return [...methods, ...methods.includes("GET") ? ["HEAD"] : [], "OPTIONS"];
}

function noContent(headers: Record<string, string>): Response {
  return new Response(null, { status: STATUS_CODE.NoContent, headers });
}
