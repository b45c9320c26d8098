import { ConfigError } from "../config/config_error.ts";

/** The mode of a socket: the users who may connect are this user and its group, as a proxy of another user can be in it. */
export const SOCKET_MODE = 0o660;

/**
 * Makes room for a socket: removes one that a dead process has left. Throws {@linkcode ConfigError} when a program
 * listens there, or when something else lies there.
 */
export async function clearSocket(path: string): Promise<void> {
  const found = await infoOf(path);
  if (found === undefined) return;
  if (found.isSocket !== true) {
    throw new ConfigError(`--unix-socket cannot be ${path}: something else is there, which is no socket`);
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    return await Deno.remove(path);
  }
  throw new ConfigError(`Another program listens on ${path}: stop it, or choose another path by --unix-socket`);
}

async function infoOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
