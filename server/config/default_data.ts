import { posix, win32 } from "node:path";

/** The facts that the data folder of a program depends on, when nobody says where it is. */
export interface Whereabouts {
  readonly os: typeof Deno.build.os;
  /** Reads a variable of the environment. */
  readonly env: (name: string) => string | undefined;
  /** The working folder, absolute. */
  readonly cwd: string;
  /** True when a file is there. */
  readonly has: (path: string) => boolean;
}

/** A data folder that nobody gave. */
export interface ChosenData {
  /** The path, absolute. */
  readonly folder: string;
  /** The reason, in words for the line at the start. */
  readonly why: string;
}

/**
 * Chooses the data folder of the binary, which may be started from anywhere. systemd's folder of the service comes
 * first. Then comes `data` in the working folder, if a Pawl has kept its files there. Then comes the place where the
 * system's programs keep what belongs to a user; and if nothing tells that, `data` in the working folder.
 */
export function chooseData({ os, env, cwd, has }: Whereabouts): ChosenData {
  const { join } = os === "windows" ? win32 : posix;
  const [state] = os === "windows" ? [] : (env("STATE_DIRECTORY") ?? "").split(":");
  if (isFolder(state, os)) return { folder: state, why: "the state folder of the service" };
  const here = join(cwd, "data");
  if (has(join(here, "pawl.db"))) return { folder: here, why: "found in the working folder" };
  const base = baseOf(os, env);
  if (base === undefined) return { folder: here, why: "no home folder is known" };
  return { folder: join(base, os === "windows" || os === "darwin" ? "Pawl" : "pawl"), why: "the default" };
}

/** The folder for the data of a user's programs; `undefined` if the environment does not tell it. */
function baseOf(os: Whereabouts["os"], env: Whereabouts["env"]): string | undefined {
  if (os === "windows") {
    const [local, profile] = [env("LOCALAPPDATA"), env("USERPROFILE")];
    if (isFolder(local, os)) return local;
    return isFolder(profile, os) ? win32.join(profile, "AppData", "Local") : undefined;
  }
  const home = env("HOME");
  if (os === "darwin") return isFolder(home, os) ? posix.join(home, "Library", "Application Support") : undefined;
  // A relative path does not count, as the XDG Base Directory Specification says.
  const xdg = env("XDG_DATA_HOME");
  if (isFolder(xdg, os)) return xdg;
  return isFolder(home, os) ? posix.join(home, ".local", "share") : undefined;
}

function isFolder(path: string | undefined, os: Whereabouts["os"]): path is string {
  return path !== undefined && path !== "" && (os === "windows" ? win32 : posix).isAbsolute(path);
}
