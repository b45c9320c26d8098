import type { ErrorCode } from "../errors.ts";

/** Answers one method of one resource. `id` is the group of the route's path, or empty. */
export type Handler = (request: Request, id: string) => Promise<Response>;

/** The statuses of a protocol that differ from the common table. */
export type Statuses = Partial<Record<ErrorCode, number>>;

/** A resource, or a kind of resources, and what it answers to. */
export interface Route {
  /** The pattern of the whole path. Its one group, if it has one, is the id. */
  readonly path: RegExp;
  /** The handlers by method. `GET` answers `HEAD` too. */
  readonly methods: Readonly<Record<string, Handler>>;
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
