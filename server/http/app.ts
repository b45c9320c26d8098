import { STATUS_CODE } from "@std/http/status";
import { asUploadError, folderMoved, UploadError } from "../errors.ts";
import type { Log } from "../log.ts";
import { header } from "./header_names.ts";
import type { Admission, Connection } from "./admission.ts";
import type { Cors } from "./cors.ts";
import { drain, type DrainBounds } from "./drain.ts";
import type { Pages } from "./pages.ts";
import { notAllowed, notHere, refusal, refusalPage, wantsPage } from "./refusals.ts";
import { allowedMethods, handlerOf, type Route, type Statuses } from "./route.ts";
import { type Gate, urlOf } from "./target.ts";

export interface AppDeps {
  readonly gate: Gate;
  readonly routes: readonly Route[];
  readonly pages: Pages;
  readonly admission: Admission;
  readonly cors: Cors;
  readonly log: Log;
  /**
   * False when nothing must be told any more of what is kept: the data folder is not where it was, as it was looked at
   * `maxAgeMs` ago at most.
   */
  readonly isFolderThere?: (maxAgeMs?: number) => boolean;
}

/** Answers a request; never throws. A request that comes over no connection is always let in. */
export type App = (request: Request, connection?: Connection) => Promise<Response>;

/** About a second's worth on a good line, or a request of Pawl's own client. */
const DRAIN: DrainBounds = { bytes: 8 * 2 ** 20, forMs: 60_000 };

/** For what a browser sends again by itself where a connection broke: its page goes on from elsewhere at once. */
const DRAIN_REPEATED: DrainBounds = { bytes: 2 ** 18, forMs: 60_000 };

/** A request on its way to its answer. */
interface Visit {
  readonly request: Request;
  /** Counts it with those of its address. Throws `too-many`. */
  readonly admit: () => void;
}

/** Brings requests to their handlers, and what those throw to the client. */
export function createApp({ gate, routes, pages, admission, cors, log, isFolderThere = () => true }: AppDeps): App {
  async function answer(visit: Visit): Promise<Response> {
    let path: string;
    try {
      path = gate(visit.request);
    } catch (error) {
      return await answerOutside(visit, error);
    }
    for (const route of routes) {
      const [whole, id = ""] = route.path.exec(path) ?? [];
      if (whole !== undefined) return await answerRoute(route, id, visit);
    }
    return await answerPage(path, visit);
  }

  async function answerRoute(route: Route, id: string, { request, admit }: Visit): Promise<Response> {
    const allow = { "Allow": allowedMethods(route).join(", ") };
    const method = methodOf(route, request);
    const meant = method ?? request.method;
    const response = await answered(request, route.statuses?.(request, meant), () => {
      admit();
      if (!isFolderThere()) throw folderMoved();
      if (method === undefined) throw notOverridden(route);
      if (method === "OPTIONS") return Promise.resolve(noContent(allow));
      const handler = handlerOf(route, method);
      if (handler === undefined) throw notAllowed(method);
      return handler(request, id);
    });
    const more = {
      ...response.status === STATUS_CODE.MethodNotAllowed && allow,
      ...route.headers?.(request, meant),
      ...route.crossOrigin && cors(request.method, request.headers.get("origin")),
    };
    for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
    return response;
  }

  function answerPage(path: string, { request, admit }: Visit): Promise<Response> {
    return answered(request, {}, async () => {
      admit();
      const response = await pages.serve(path, request.headers);
      if (response === undefined) throw notHere();
      if (request.method === "GET" || request.method === "HEAD") return response;
      const allow = { "Allow": "GET, HEAD, OPTIONS" };
      if (request.method === "OPTIONS") return noContent(allow);
      return refusal(notAllowed(request.method), { headers: allow });
    });
  }

  /** A request that the gate has not let through. */
  function answerOutside({ request, admit }: Visit, error: unknown): Promise<Response> {
    return answered(request, {}, () => {
      admit();
      if (!(error instanceof UploadError)) throw error;
      log.info("Refused {method} {url}: {message}", { ...named(request), message: error.message });
      const isForPerson = error.code === "misdirected" && wantsPage(request);
      return Promise.resolve(isForPerson ? refusalPage(error) : refusal(error));
    });
  }

  async function answered(
    request: Request,
    statuses: Statuses = {},
    handle: () => Promise<Response>,
  ): Promise<Response> {
    try {
      const response = await handle();
      if (isFolderThere()) return response;
      // Nobody reads it: what it holds open is let go.
      await response.body?.cancel();
      throw folderMoved();
    } catch (error) {
      const thrown = asUploadError(error);
      // What fails may fail for that reason: it is looked at once more.
      const known = isFolderThere(thrown.code === "failed" ? 0 : undefined) ? thrown : folderMoved();
      if (known.code === "failed") return failure(request, known, statuses);
      log.debug("{method} {url}: {message}", { ...named(request), message: known.message });
      return refusal(known, { statuses });
    }
  }

  /** A bug, or a disk that fails: the client gets an id, by which the log tells the rest. */
  function failure(request: Request, error: UploadError, statuses: Statuses): Response {
    const requestId = requestIdOf(request);
    const cause = error.cause ?? error;
    log.error("Request {requestId}, {method} {url}, failed: {cause}", { requestId, ...named(request), cause });
    return refusal(error, {
      statuses,
      headers: { "X-Request-Id": requestId },
      suffix: ` (request ${requestId})`,
    });
  }

  return async (request, connection) => {
    const response = await answer({
      request,
      admit: () => connection !== undefined && admission.admit(connection),
    });
    // Not awaited: the answer goes first, and tells the client to stop.
    if (request.body !== null) drain(request.body, isRepeated(request, response) ? DRAIN_REPEATED : DRAIN);
    return response;
  };
}

/** Pawl's own client asks before it sends: where it is told another count, it was the browser that sent again. */
function isRepeated(request: Request, { status, headers }: Response): boolean {
  return status === STATUS_CODE.BadRequest && headers.has("upload-offset") &&
    header(request.headers, "X-Start-Over") === "?0";
}

/**
 * The method that a client means which can only send others (tus 1.0.0, `X-HTTP-Method-Override`); `undefined` for one
 * that its request must not stand for: a link, or a request that a cache or a browser repeats, must not change anything.
 */
function methodOf({ overrides }: Route, { method, headers }: Request): string | undefined {
  const meant = overrides === undefined ? null : header(headers, "X-HTTP-Method-Override");
  if (meant === null || meant === method) return method;
  return method === "POST" && overrides?.includes(meant) ? meant : undefined;
}

function notOverridden({ overrides = [] }: Route): UploadError {
  return new UploadError(
    "bad-request",
    `X-HTTP-Method-Override can make ${overrides.join(" or ")} of POST, and no other`,
  );
}

/** What the log calls a request by: both are the client's own words, and a URL can have 64 KiB. */
function named(request: Request): { method: string; url: string } {
  return { method: request.method.slice(0, 20), url: urlOf(request).slice(0, 200) };
}

/** The client's own id for its request, where that can stand in a header and a log. */
function requestIdOf({ headers }: Request): string {
  const own = header(headers, "X-Request-Id");
  return own !== null && /^[\w-]{1,64}$/.test(own) ? own : crypto.randomUUID();
}

function noContent(headers: Record<string, string>): Response {
  return new Response(null, { status: STATUS_CODE.NoContent, headers });
}
