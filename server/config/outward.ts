import type { Config } from "./options.ts";

/** The text before the paths of this server, as its clients see them. */
export interface Outward {
  /** The URL that `--public-url` names, or else the base path alone; it has no slash at its end. */
  readonly url: string;
  /** The path of that URL; empty for the top of a host. It has no slash at its end. */
  readonly path: string;
}

/** The options that say where clients see the server. */
export type OutwardOptions = Pick<Config, "publicUrl"> & Partial<Pick<Config, "basePath">>;

/**
 * Tells where clients see the server. This is the one place that makes outward addresses. A public URL without a path
 * gets the base path; one with a path has it already, and perhaps folders before it that a proxy takes away.
 */
export function outwardOf({ publicUrl, basePath = "" }: OutwardOptions): Outward {
  if (publicUrl === "") return { url: basePath, path: basePath };
  const path = pathOf(publicUrl);
  return path === "" ? { url: publicUrl + basePath, path: basePath } : { url: publicUrl, path };
}

/** True for a public URL whose path does not lead to the base path: no request by it would reach the server. */
export function missesBase({ publicUrl, basePath = "" }: OutwardOptions): boolean {
  return publicUrl !== "" && !outwardOf({ publicUrl, basePath }).path.endsWith(basePath);
}

function pathOf(url: string): string {
  return new URL(url).pathname.replace(/\/+$/, "");
}
