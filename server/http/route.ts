import type { ErrorCode } from "../errors.ts";
import type { Right } from "../model/rights.ts";
import type { Visitor } from "../model/visitor.ts";
import type { Sender } from "./sender.ts";

/** Answers one method of one resource. `id` is the group of the route's path, or empty. */
export type Handler = (request: Request, id: string, visitor: Visitor, sender: Sender) => Promise<Response>;

/** Tells who sends a request. Throws `unauthorized` and other refusals. */
export type Identify = (request: Request, sender: Sender) => Promise<Visitor>;

/** The right that a visitor needs; `nothing` lets everybody in. */
export type Need = Right | "nothing";

/** The statuses of a protocol that differ from the common table. */
export type Statuses = Partial<Record<ErrorCode, number>>;

/** A resource, or a kind of resources, and what it answers to. */
export interface Route {
  /** The pattern of the whole path. Its one group, if it has one, is the id. */
  readonly path: RegExp;
  /** The path as people write it, such as `/files/<id>`: the route's name in metrics. No two routes have the same. */
  readonly template: string;
  /** The handlers by method. `GET` answers `HEAD` too. */
  readonly methods: Readonly<Record<string, Handler>>;
  /**
   * The rights that the methods need, `GET`'s for `HEAD` too. A method that is not listed needs `admin`. `OPTIONS` needs
   * nothing: browsers ask by it before they sign in.
   */
  readonly needs: Readonly<Record<string, Need | ((request: Request) => Need)>>;
  /** True when the path itself lets the sender in: nothing else is looked at to tell who that is. */
  readonly isKey?: true;
  /** True when the answer is about the server alone: it is given even after the data folder was moved (I14). */
  readonly isAboutServer?: true;
  /** True for an interface of programs, or a request of one: refusals are problem details in JSON (RFC 9457). */
  readonly isApi?: true | ((request: Request) => boolean);
  /** True when pages of allowed origins may use the resource. */
  readonly crossOrigin?: true;
  /** The methods that a `POST` with `X-HTTP-Method-Override` may stand for. */
  readonly overrides?: readonly string[];
  /** The statuses of the request's protocol that differ from the common table. */
  statuses?(request: Request, method: string): Statuses;
  /** The headers that every answer has, refusals too, unless the handler has set them. */
  headers?(request: Request, method: string): Readonly<Record<string, string>>;
}

/** The methods of a resource, for the `Allow` header. */
export function allowedMethods({ methods }: Pick<Route, "methods">): string[] {
  const own = Object.keys(methods);
  const isImplied = own.includes("GET") && !own.includes("HEAD");
  return [...own, ...isImplied ? ["HEAD"] : [], "OPTIONS"];
}

/** The handler of a method; `undefined` when the resource does not have the method. */
export function handlerOf({ methods }: Pick<Route, "methods">, method: string): Handler | undefined {
  if (Object.hasOwn(methods, method)) return methods[method];
  return method === "HEAD" ? methods["GET"] : undefined;
}

/** The right that a request of a method needs. */
export function needOf({ needs }: Pick<Route, "needs">, method: string, request: Request): Need {
  const own = Object.hasOwn(needs, method) ? needs[method] : method === "HEAD" ? needs["GET"] : undefined;
  return typeof own === "function" ? own(request) : own ?? "admin";
}
