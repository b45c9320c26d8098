/** What pages of other origins may do with the server. */
export interface CorsRules {
  /** The origins whose pages may use it; `"*"` stands for all, none for no page. */
  readonly origins: readonly string[];
  /** The methods and headers of every resource for them: clients and gateways keep one answer for several resources. */
  readonly methods: readonly string[];
  readonly requestHeaders: readonly string[];
  readonly answerHeaders: readonly string[];
}

/** Gives the CORS headers of an answer to a request of `method` from `origin`, which is `null` where it tells none. */
export type Cors = (method: string, origin: string | null) => Readonly<Record<string, string>>;

/**
 * The CORS headers of a server with these rules (Fetch standard, section 3.3), empty where no page of another origin may
 * use it. A preflight is told what may be sent.
 */
export function createCors({ origins, methods, requestHeaders, answerHeaders }: CorsRules): Cors {
  const always = { "Vary": "Origin" };
  const exposed = answerHeaders.join(", ");
  const preflight = {
    "Access-Control-Allow-Methods": methods.join(", "),
    "Access-Control-Allow-Headers": requestHeaders.join(", "),
    "Access-Control-Max-Age": "86400",
  };
  return (method, origin) => {
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
