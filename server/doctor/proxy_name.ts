/** The proxies for which the doctor knows the lines to change. */
export const PROXY_NAMES = ["nginx", "Caddy", "HAProxy", "Apache", "Traefik", "Cloudflare"] as const;

/** One of {@linkcode PROXY_NAMES}. */
export type ProxyName = typeof PROXY_NAMES[number];

/**
 * Tells which proxy has answered, by what it says of itself; `undefined` when it says nothing. Cloudflare is in front of
 * everything else.
 */
export function proxyOf(headers: Headers): ProxyName | undefined {
  if (headers.has("cf-ray")) return "Cloudflare";
  const said = `${headers.get("server") ?? ""} ${headers.get("via") ?? ""}`.toLowerCase();
  return PROXY_NAMES.find((name) => said.includes(name.toLowerCase()));
}
