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

/** The permission to read the usual variables of PostgreSQL and AWS. */
const FOREIGN: Needed = {
  permission: { name: "env", variable: "PGPASSWORD" },
  flag: "--allow-env='PAWL_*,PG*,AWS_*,HOME'",
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
  config: Config,
  root: string,
  query: Query = ask,
): Promise<string[]> {
  const { data, fixedTokenFile, certFile, keyFile, unixSocket } = config;
  const { webhooks, hookCommand, preCreateUrl, preFinishUrl, database } = config;
  const files = [fixedTokenFile, certFile, keyFile, unixSocket].filter((path) => path !== "");
  const readable = [join(root, "static"), join(root, "client"), data, ...files];
  return missing([
    // A webhook may lead to any address, by its redirects, and so may a database of several hosts.
    ...webhooks.length > 0 || preCreateUrl !== "" || preFinishUrl !== "" || database !== ""
      ? [{ permission: { name: "net" }, flag: "--allow-net" } as const]
      : addressesOf(config).map((host): Needed => ({ permission: { name: "net", host }, flag: `--allow-net=${host}` })),
    ...hookCommand === ""
      ? []
      : [{ permission: { name: "run", command: hookCommand }, flag: `--allow-run=${hookCommand}` } as const],
    ...readable.map((path): Needed => ({ permission: { name: "read", path }, flag: `--allow-read=${path}` })),
    ...[data, ...unixSocket === "" ? [] : [unixSocket]].map((path): Needed => ({
      permission: { name: "write", path },
      flag: `--allow-write=${path}`,
    })),
    ...database === "" ? [] : [FOREIGN],
    { permission: { name: "sys", kind: "statfs" }, flag: "--allow-sys=statfs" },
  ], query);
}

/** The addresses that the server listens on, as Deno's permissions name them. */
function addressesOf({ host, port, adminPort, httpRedirect, unixSocket }: Config): string[] {
  const listeners = [
    ...unixSocket === "" ? [{ host, port }] : [],
    ...httpRedirect === "none" ? [] : [{ host, port: httpRedirect }],
    ...adminPort === "none" ? [] : [adminPort],
  ];
  const addresses = listeners.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
  return [...addresses, ...unixSocket === "" ? [] : [`unix:${unixSocket}`]];
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
