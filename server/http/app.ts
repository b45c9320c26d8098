import { STATUS_CODE } from "@std/http/status";
import type { Admission, Connection } from "./admission.ts";
import { corsHeaders } from "./cors.ts";
import { type ErrorCode, STATUS, told, UploadError } from "../errors.ts";
import { drain, type DrainBounds } from "./drain.ts";
import type { Log } from "../log.ts";
import type { Pages } from "./pages.ts";
import type { Handler, Route, Statuses } from "../routes.ts";

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

/** For what a browser sends again by itself where a connection broke: its page goes on from elsewhere at once. */
const DRAIN_REPEATED: DrainBounds = { bytes: 2 ** 18, ms: 60_000 };

/** Brings requests to their handlers, and what those throw to the client. */
export function createApp({ routes, pages, admission, allowedOrigins, log }: AppParts): App {
  async function answer(request: Request, admit: () => void): Promise<Response> {
    const path = new URL(request.url).pathname;
    for (const route of routes) {
      const [whole, id = ""] = route.path.exec(path) ?? [];
      if (whole !== undefined) return await answerRoute(route, { request, id, admit });
    }
    return await answerPage(path, { request, admit });
  }

  async function answerRoute(
    route: Route,
    { request, id, admit }: { request: Request; id: string; admit: () => void },
  ): Promise<Response> {
    const methods = allowedMethods(Object.keys(route.methods));
    const method = methodOf(route, request);
    const response = await answered(request, route.statuses?.(request, method) ?? {}, () => {
      admit();
      if (method === "OPTIONS") return Promise.resolve(noContent({ "Allow": methods.join(", ") }));
      const handler = handlerOf(route, method);
      if (handler === undefined) throw notAllowed(method);
      return handler(request, id);
    });
    if (response.status === STATUS_CODE.MethodNotAllowed) response.headers.set("Allow", methods.join(", "));
    const more = {
      ...route.headers?.(request, method),
      ...route.crossOrigin && corsHeaders(request, { allowed: allowedOrigins, methods }),
    };
    for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
    return response;
  }

  function answerPage(
    path: string,
    { request, admit }: { request: Request; admit: () => void },
  ): Promise<Response> {
    return answered(request, {}, async () => {
      admit();
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
    statuses: Statuses,
    handle: () => Promise<Response>,
  ): Promise<Response> {
    try {
      return await handle();
    } catch (error) {
      const known = told(error);
      if (known.code === "failed") return failure(request, known, statuses);
      log.debug("{method} {url}: {message}", { method: request.method, url: request.url, message: known.message });
      return errorResponse(known, statuses);
    }
  }

  /** A bug, or a disk that fails: the client gets an id, by which the log tells the rest. */
  function failure(request: Request, error: UploadError, statuses: Statuses): Response {
    const requestId = crypto.randomUUID();
    const { method, url } = request;
    const cause = error.cause ?? error;
    log.error("Request {requestId}, {method} {url}, failed: {cause}", { requestId, method, url, cause });
    return errorResponse(error, statuses, { "X-Request-Id": requestId }, ` (request ${requestId})`);
  }

  return async (request, connection) => {
    const response = await answer(request, () => {
      if (connection !== undefined) admission.enter(connection);
    });
    // Not awaited: the answer goes first, and tells the client to stop.
    if (request.body !== null) drain(request.body, isRepeated(request, response) ? DRAIN_REPEATED : DRAIN);
    return response;
  };
}

/** Pawl's own client asks before it sends: where it is told another count, it was the browser that sent again. */
function isRepeated(request: Request, { status, headers }: Response): boolean {
  return status === STATUS_CODE.BadRequest && headers.has("upload-offset") &&
    request.headers.get("x-start-over") === "?0";
}

function errorResponse(
  { code, message, offset, headers: ownHeaders }: UploadError,
  statuses: Statuses = {},
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
      "X-Error": code,
      ...offset !== undefined && { "Upload-Offset": String(offset) },
      ...retryAfter !== undefined && { "Retry-After": String(retryAfter) },
      ...ownHeaders,
      ...headers,
    },
  });
}

/** The method that a client means which can only send others (tus 1.0.0, `X-HTTP-Method-Override`). */
function methodOf({ takesOverride }: Route, request: Request): string {
  return takesOverride && request.headers.get("x-http-method-override") || request.method;
}

function handlerOf({ methods }: Route, method: string): Handler | undefined {
  if (Object.hasOwn(methods, method)) return methods[method];
  return method === "HEAD" ? methods["GET"] : undefined;
}

function notAllowed(method: string): UploadError {
  return new UploadError("method-not-allowed", `Nothing here answers to ${method}: see the Allow header`);
}

function allowedMethods(methods: string[]): string[] {
  const isImplied = methods.includes("GET") && !methods.includes("HEAD");
  return [...methods, ...isImplied ? ["HEAD"] : [], "OPTIONS"];
}

function noContent(headers: Record<string, string>): Response {
  return new Response(null, { status: STATUS_CODE.NoContent, headers });
}
