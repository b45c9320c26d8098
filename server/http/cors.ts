/** The rules for pages of other origins. */
export interface CorsRules {
  /** The origins whose pages may use the server; `"*"` stands for all. An empty list allows none. It may change. */
  readonly origins: readonly string[];
  /** The methods of all resources: clients and gateways keep one preflight answer for several resources. */
  readonly methods: readonly string[];
  /** The request headers that such a page may send. */
  readonly requestHeaders: readonly string[];
  /** The answer headers that such a page may read. */
  readonly answerHeaders: readonly string[];
}

/** Gives the CORS headers of an answer to a request of `method` from `origin`, which is `null` when no page sent it. */
export type Cors = (method: string, origin: string | null) => Readonly<Record<string, string>>;

/**
 * Makes the function that gives CORS headers by these rules (Fetch standard, section 3.3). It gives none when no other
 * origin is allowed. The answer to a preflight also lists what may be sent.
 */
export function createCors(rules: CorsRules): Cors {
  const { methods, requestHeaders, answerHeaders } = rules;
  const always = { "Vary": "Origin" };
  const exposed = answerHeaders.join(", ");
  const preflight = {
    "Access-Control-Allow-Methods": methods.join(", "),
    "Access-Control-Allow-Headers": requestHeaders.join(", "),
    "Access-Control-Max-Age": "86400",
  };
  return (method, origin) => {
    const { origins } = rules;
    if (origins.length === 0) return {};
    const isForAll = origins.includes("*");
    if (origin === null || !(isForAll || origins.includes(origin))) return always;
    return {
      ...always,
      "Access-Control-Allow-Origin": isForAll ? "*" : origin,
      "Access-Control-Expose-Headers": exposed,
      ...method === "OPTIONS" && preflight,
    };
  };
}
