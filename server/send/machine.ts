import { createHash, randomBytes } from "node:crypto";
import { join } from "@std/path";

/** The variables that tell where a user's own cache is. */
type Env = (name: string) => string | undefined;

/** Gives the folder for what `send` remembers; `undefined` when nothing tells where the user's cache is. */
export function cacheFolder(env: Env, os: typeof Deno.build.os = Deno.build.os): string | undefined {
  const below = (variable: string, ...folders: string[]) => {
    const base = env(variable) ?? "";
    return base === "" ? undefined : join(base, ...folders, "pawl");
  };
  if (os === "windows") return below("LOCALAPPDATA");
  if (os === "darwin") return below("HOME", "Library", "Caches");
  return below("XDG_CACHE_HOME") ?? below("HOME", ".cache");
}

const SECRET = /^[\w-]{43}$/;

/**
 * Gives the secret of this user on this computer, in a file that only the user can read. It is made at the first call,
 * and anew where the file has none in it, as after a power cut or on a full disk. `undefined` when it can neither be
 * read nor kept.
 */
export async function machineSecret(folder: string): Promise<string | undefined> {
  const path = join(folder, "secret");
  const known = await secretIn(path);
  if (known !== undefined) return known;
  const temporary = join(folder, `secret-${randomBytes(8).toString("hex")}`);
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFlushed(temporary, randomBytes(32).toString("base64url"));
    // Two programs may begin at one time. A link replaces nothing, so both read the secret of the first.
    await Deno.link(temporary, path).catch(() => replaceSpoiled(path, temporary));
  } catch {
    return undefined;
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
  return await secretIn(path);
}

function secretIn(path: string): Promise<string | undefined> {
  return Deno.readTextFile(path).then((text) => SECRET.test(text) ? text : undefined, () => undefined);
}

async function writeFlushed(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  await file.write(new TextEncoder().encode(text));
  await file.syncData();
}

/** Puts the file at `temporary` in the place of one that has no secret in it. */
async function replaceSpoiled(path: string, temporary: string): Promise<void> {
  using spoiled = await Deno.open(path);
  // Programs that find it at one time take turns, and the later ones find the secret of the first.
  await spoiled.lock(true);
  if (await secretIn(path) === undefined) await Deno.rename(temporary, path);
}

/** Makes a text out of a secret that tells nothing of it, and is another one for each purpose. */
export function derived(secret: string, purpose: string): string {
  return createHash("sha256").update(`${secret} ${purpose}`).digest("base64url").slice(0, 22);
}

/** True when this process may write to a folder without a question at the terminal. */
export async function mayKeep(folder: string): Promise<boolean> {
  const states = await Promise.all(
    (["read", "write"] as const).map((name) => Deno.permissions.query({ name, path: folder })),
  );
  return states.every(({ state }) => state === "granted");
}
