import { ConfigError } from "../config/config.ts";

/** The server that files go to, or the link. */
export interface Target {
  /** The address of the server, without a slash at the end. */
  readonly endpoint: string;
  /** The secret of an upload link; absent for the server itself. */
  readonly linkSecret?: string;
}

/** Reads the address of a server or of an upload link, as a browser shows it. Throws {@linkcode ConfigError}. */
export function parseTarget(text: string): Target {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError("This is no address: give one such as https://up.example");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ConfigError(
      "Leave the name and the password out of the address: give a token by --token-file or PAWL_TOKEN",
    );
  }
  if (url.hash !== "" || url.search !== "") {
    throw new ConfigError(
      "Leave out what stands behind ? or # in the address. A token goes into --token-file or PAWL_TOKEN",
    );
  }
  const path = url.pathname.replace(/\/+$/, "");
  const [, before = "", kind, linkSecret] = /^(.*)\/([ud])\/([^/]+)$/.exec(path) ?? [];
  if (kind === "d") throw new ConfigError("This is a link for downloads: ask for an upload link, /u/…");
  if (linkSecret !== undefined) return { endpoint: url.origin + before, linkSecret };
  return { endpoint: url.origin + path.replace(/\/(?:upload|files)$/, "") };
}
