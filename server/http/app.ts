import { STATUS_CODE } from "@std/http/status";
import { may } from "../model/rights.ts";
import { NOBODY } from "../model/visitor.ts";
import { defined } from "../defined.ts";
import { asUploadError, type ErrorCode, folderMoved, UploadError } from "../errors.ts";
import { type Log, withoutSecrets } from "../log.ts";
import type { Admission, Connection } from "./admission.ts";
import type { Cors } from "./cors.ts";
import { leaveBody } from "./leave_body.ts";
import { methodOf, notOverridden } from "./method_of.ts";
import type { Pages } from "../page/pages.ts";
import { type Besides, notAllowed, notHere, notPermitted, refusal, refusalPage, wantsPage } from "./refusals.ts";
import { requestIdOf } from "./request_id.ts";
import { allowedMethods, handlerOf, type Identify, needOf, type Route } from "./route.ts";
import type { Sender, SenderOf } from "./sender.ts";
import { type Gate, urlOf } from "./target.ts";
import { toFolder } from "./to_folder.ts";
import { visitorInTime } from "./visitor_in_time.ts";

/** Everything that the app is made with. */
export interface AppDeps {
  readonly gate: Gate;
  readonly routes: readonly Route[];
  readonly pages: Pages;
  readonly admission: Admission;
  readonly senderOf: SenderOf;
  readonly identify: Identify;
  readonly cors: Cors;
  readonly log: Log;
  /** The path that clients see before the server's own paths. By default there is none. */
  readonly above?: string;
  /**
   * False when the data folder was moved, by a look that is at most `maxAgeMs` old. Nothing may be answered then (I14).
   */
  readonly isFolderThere?: (maxAgeMs?: number) => boolean;
  /** By default nobody measures the answers. */
  readonly meter?: AnswerMeter;
}

/** An answer to a request. */
export interface Answered {
  /**
   * The template of the request's route, or `page` for everything that may be a file of the page, or `none` for a
   * request that the gate refused.
   */
  readonly route: string;
  readonly request: Request;
  readonly response: Response;
}

/** Measures the answers of the app. The calls must return at once and never throw. */
export interface AnswerMeter {
  /** A request got its answer. The call comes from the request's own work. */
  answered(answered: Answered): void;
  /** A request was refused with that code. */
  refused(code: ErrorCode): void;
}

const NO_METER: AnswerMeter = { answered() {}, refused() {} };

/** Answers a request, and never throws. A request without a connection is not counted by address. */
export type App = (request: Request, connection?: Connection) => Promise<Response>;

/** Keeps a refusal out of the tags of other sites' pages. */
const NOT_ELSEWHERE = { "Cross-Origin-Resource-Policy": "same-origin" };

/** A request on its way to its answer. */
interface Visit {
  readonly request: Request;
  readonly sender: Sender;
  /** Counts the request by its address. Throws `too-many`. */
  readonly admit: () => void;
}

/** An answer, and the name of the route that gave it. */
interface Routed {
  readonly route: string;
  readonly response: Response;
}

/** Makes the app: brings each request to its handler, and each error to the client. */
export function createApp(
  {
    gate,
    routes,
    pages,
    admission,
    senderOf,
    identify,
    cors,
    log,
    above = "",
    isFolderThere = () => true,
    meter = NO_METER,
  }: AppDeps,
): App {
  async function answer(visit: Visit): Promise<Routed> {
    let path: string;
    try {
      path = gate(visit.request);
    } catch (error) {
      return { route: "none", response: refused(visit, await answerOutside(visit, error)) };
    }
    for (const route of routes) {
      const [whole, id = ""] = route.path.exec(path) ?? [];
      if (whole !== undefined) return { route: route.template, response: await answerRoute(route, id, visit) };
    }
    return { route: "page", response: refused(visit, await answerPage(path, visit)) };
  }

  async function answerRoute(route: Route, id: string, { request, sender, admit }: Visit): Promise<Response> {
    const allow = { "Allow": allowedMethods(route).join(", ") };
    const method = methodOf(route, request);
    const meant = method ?? request.method;
    const isApi = typeof route.isApi === "function" ? route.isApi(request) : route.isApi === true;
    const besides = { statuses: route.statuses?.(request, meant) ?? {}, isApi };
    const isThere = route.isAboutServer ? () => true : isFolderThere;
    const response = await answered({ request, besides, isThere }, async () => {
      admit();
      if (!isThere()) throw folderMoved();
      if (method === undefined) throw notOverridden(route);
      if (method === "OPTIONS") return noContent(allow);
      const handler = handlerOf(route, method);
      if (handler === undefined) throw notAllowed(method);
      const visitor = route.isKey ? NOBODY : await identify(request, sender);
      const need = needOf(route, method, request);
      if (need !== "nothing" && !may(visitor.rights, need)) throw notPermitted(visitor, need);
      return await handler(request, id, visitor, sender);
    });
    const more = {
      ...response.status === STATUS_CODE.MethodNotAllowed && allow,
      ...route.crossOrigin && cors(request.method, request.headers.get("origin")),
    };
    for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
    for (const [name, value] of Object.entries(route.headers?.(request, meant) ?? {})) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  }

  function answerPage(path: string, { request, sender, admit }: Visit): Promise<Response> {
    return answered({ request }, async () => {
      admit();
      const visitor = () => visitorInTime(identify, request, sender);
      const response = path === "" ? toFolder(request) : await pages.serve(path, request.headers, { visitor });
      if (response === undefined) throw notHere(above);
      if (request.method === "GET" || request.method === "HEAD") return response;
      const allow = { "Allow": "GET, HEAD, OPTIONS" };
      if (request.method === "OPTIONS") return noContent(allow);
      return told(notAllowed(request.method), { headers: allow });
    });
  }

  /** Lets pages of allowed origins read a refusal outside the routes, and no page show it as something of its own. */
  function refused({ request }: Visit, response: Response): Response {
    if (response.status < STATUS_CODE.BadRequest) return response;
    const more = { ...cors(request.method, request.headers.get("origin")), ...NOT_ELSEWHERE };
    for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
    return response;
  }

  /** Answers a request that the gate refused. */
  function answerOutside({ request, admit }: Visit, error: unknown): Promise<Response> {
    return answered({ request }, () => {
      admit();
      if (!(error instanceof UploadError)) throw error;
      const message = "Refused {method} {url}: {message}";
      // Several programs may share a host: nobody has to look at a request that goes beside this one.
      log[error.code === "not-found" ? "debug" : "info"](message, { ...named(request), message: error.message });
      meter.refused(error.code);
      const isForPerson = error.code === "misdirected" && wantsPage(request);
      return Promise.resolve(isForPerson ? refusalPage(error) : refusal(error));
    });
  }

  async function answered(
    { request, besides = {}, isThere = isFolderThere }: {
      request: Request;
      besides?: Besides;
      isThere?: (maxAgeMs?: number) => boolean;
    },
    handle: () => Promise<Response>,
  ): Promise<Response> {
    try {
      const response = await handle();
      if (isThere()) return response;
      // The answer is dropped, so its open file is closed.
      await response.body?.cancel();
      throw folderMoved();
    } catch (error) {
      const thrown = asUploadError(error);
      // A request may have failed because the folder was moved, so a fresh look is taken.
      const known = isThere(thrown.code === "failed" ? 0 : undefined) ? thrown : folderMoved();
      if (known.code === "failed") return failure(request, known, besides);
      log.debug("{method} {url}: {message}", { ...named(request), message: known.message });
      return told(known, besides);
    }
  }

  /** Makes the answer to a refused request, and counts it. */
  function told(error: UploadError, besides?: Besides): Response {
    meter.refused(error.code);
    return refusal(error, besides);
  }

  /** Answers a request that met a bug or a failing disk. The answer has an id, under which the log tells the rest. */
  function failure(request: Request, error: UploadError, besides: Besides): Response {
    const requestId = requestIdOf(request);
    const cause = error.cause ?? error;
    log.error("Request {requestId}, {method} {url}, failed: {cause}", { requestId, ...named(request), cause });
    return told(error, {
      ...besides,
      headers: { "X-Request-Id": requestId },
      suffix: ` (request ${requestId})`,
    });
  }

  return async (request, connection) => {
    const { sendInterim } = connection ?? {};
    const sender = { ...senderOf(request.headers, connection?.remoteAddr), ...defined({ sendInterim }) };
    const { route, response } = await answer({
      request,
      sender,
      admit: () => connection !== undefined && admission.admit(sender.address, connection),
    });
    meter.answered({ route, request, response });
    leaveBody({ request, response, isProxied: sender.isProxied, drainer: connection?.drainer });
    return response;
  };
}

/** The method and URL of a request for the log, cut: both come from the client, and a URL can have 64 KiB. */
function named(request: Request): { method: string; url: string } {
  return { method: request.method.slice(0, 20), url: withoutSecrets(urlOf(request).slice(0, 200)) };
}

function noContent(headers: Record<string, string>): Response {
  return new Response(null, { status: STATUS_CODE.NoContent, headers });
}
