import { header } from "./header_names.ts";

const ids = new WeakMap<Request, string>();

/**
 * The id of a request, by which lines of the log, and the answer to a failure, tell of the same one: the client's
 * `X-Request-Id`, if that is safe in a header and a log, and otherwise a new one.
 */
export function requestIdOf(request: Request): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const own = header(request.headers, "X-Request-Id");
  const id = own !== null && /^[\w-]{1,64}$/.test(own) ? own : crypto.randomUUID();
  ids.set(request, id);
  return id;
}
