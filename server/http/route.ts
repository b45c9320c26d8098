import type { ErrorCode } from "../errors.ts";

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
  /** The methods that a `POST` may stand for, by `X-HTTP-Method-Override`. */
  readonly overrides?: readonly string[];
  /** Where the protocol of a request has its own status for a failure. */
  statuses?(request: Request, method: string): Statuses;
  /** What the protocol of a request wants in every answer, errors too. */
  headers?(request: Request, method: string): Readonly<Record<string, string>>;
}

/** What the resource answers to, for `Allow`. */
export function allowedMethods({ methods }: Pick<Route, "methods">): string[] {
  const own = Object.keys(methods);
  const isImplied = own.includes("GET") && !own.includes("HEAD");
  return [...own, ...isImplied ? ["HEAD"] : [], "OPTIONS"];
}

/** The handler of a method; `undefined` where the resource does not answer to it. */
export function handlerOf({ methods }: Pick<Route, "methods">, method: string): Handler | undefined {
  if (Object.hasOwn(methods, method)) return methods[method];
  return method === "HEAD" ? methods["GET"] : undefined;
}
