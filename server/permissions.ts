import { join } from "@std/path";
import type { Config } from "./config.ts";

/** Tells which permissions of Deno this process has. */
export type Query = (permission: Deno.PermissionDescriptor) => Promise<Deno.PermissionStatus>;

interface Needed {
  readonly permission: Deno.PermissionDescriptor;
  /** The option of `deno run` that gives it. */
  readonly flag: string;
}

/** The permission that the options need which are given by the environment. */
const ENVIRONMENT: Needed = {
  permission: { name: "env", variable: "PAWL_HOST" },
  flag: "--allow-env='PAWL_*'",
};

/** What is lacking for reading the configuration: options of `deno run`; none where nothing is. */
export function missingForConfig(query: Query = ask): Promise<string[]> {
  return missing([ENVIRONMENT], query);
}

/** What is lacking of all that the server needs from its start to its last answer: options of `deno run`. */
export function missingForServer({ host, port, data }: Config, root: string, query: Query = ask): Promise<string[]> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const readable = [join(root, "static"), join(root, "client"), data];
  return missing([
    { permission: { name: "net", host: address }, flag: `--allow-net=${address}` },
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
