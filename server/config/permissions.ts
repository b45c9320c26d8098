import { join } from "@std/path";
import type { Config } from "./config.ts";

/** Asks Deno whether this process has a permission. */
export type Query = (permission: Deno.PermissionDescriptor) => Promise<Deno.PermissionStatus>;

interface Needed {
  readonly permission: Deno.PermissionDescriptor;
  /** The option of `deno run` that gives the permission. */
  readonly flag: string;
}

/** The permission to read options from the environment. */
const ENVIRONMENT: Needed = {
  permission: { name: "env", variable: "PAWL_HOST" },
  flag: "--allow-env='PAWL_*'",
};

/** The options of `deno run` that are missing for reading the configuration; empty when none is. */
export function missingForConfig(query: Query = ask): Promise<string[]> {
  return missing([ENVIRONMENT], query);
}

/** The options of `deno run` that are missing for reading the configuration file; empty when none is. */
export function missingForFile(path: string, query: Query = ask): Promise<string[]> {
  return missing([{ permission: { name: "read", path }, flag: `--allow-read=${path}` }], query);
}

/** The options of `deno run` that are missing for running the server; empty when none is. */
export function missingForServer(
  { host, port, adminPort, data, fixedTokenFile, webhooks, hookCommand, preCreateUrl, preFinishUrl }: Config,
  root: string,
  query: Query = ask,
): Promise<string[]> {
  const addresses = [{ host, port }, ...adminPort === "none" ? [] : [adminPort]]
    .map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
  const readable = [join(root, "static"), join(root, "client"), data, ...fixedTokenFile === "" ? [] : [fixedTokenFile]];
  return missing([
    // A webhook may lead to any address, by its redirects.
    ...webhooks.length > 0 || preCreateUrl !== "" || preFinishUrl !== ""
      ? [{ permission: { name: "net" }, flag: "--allow-net" } as const]
      : addresses.map((host): Needed => ({ permission: { name: "net", host }, flag: `--allow-net=${host}` })),
    ...hookCommand === ""
      ? []
      : [{ permission: { name: "run", command: hookCommand }, flag: `--allow-run=${hookCommand}` } as const],
    ...readable.map((path): Needed => ({ permission: { name: "read", path }, flag: `--allow-read=${path}` })),
    { permission: { name: "write", path: data }, flag: `--allow-write=${data}` },
    { permission: { name: "sys", kind: "statfs" }, flag: "--allow-sys=statfs" },
  ], query);
}

async function missing(needed: readonly Needed[], query: Query): Promise<string[]> {
  const flags: string[] = [];
  for (const { permission, flag } of needed) {
    const { state } = await query(permission);
    if (state !== "granted") flags.push(flag);
  }
  return flags;
}

function ask(permission: Deno.PermissionDescriptor): Promise<Deno.PermissionStatus> {
  return Deno.permissions.query(permission);
}
