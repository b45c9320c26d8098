import { join, resolve } from "@std/path";
import about from "../../deno.json" with { type: "json" };

/** The version of Pawl: `version` in deno.json, and the newest one in CHANGELOG.md. */
export const VERSION: string = about.version;

/** The name of the file with the commit, which `deno task compile` puts into the binary. */
export const BUILD_FILE = "build.json";

/** Reads a text file; `undefined` for one that is missing or must not be read. */
export type ReadText = (path: string) => string | undefined;

/** Makes the line of `--version`, such as `pawl 1.2.3 (24b1728, Deno 2.9.6)`. */
export function versionLine({ commit, deno }: { commit: string | undefined; deno: string }): string {
  const from = commit === undefined ? "" : `${commit}, `;
  return `pawl ${VERSION} (${from}Deno ${deno})`;
}

/** The short id of the commit that this program is of; `undefined` if nothing tells. A binary has it in a file. */
export function commitOf(root: string, isCompiled: boolean, read: ReadText): string | undefined {
  const id = isCompiled ? builtCommit(read(join(root, BUILD_FILE))) : checkedOutCommit(root, read);
  return id === undefined || !/^[\da-f]{40,64}\+?$/.test(id) ? undefined : id.replace(/^(.{7})[^+]*/, "$1");
}

/** Reads a file of a checkout or a binary, without asking anybody for a permission. */
export function readQuietly(path: string): string | undefined {
  try {
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

function builtCommit(text: string | undefined): string | undefined {
  return /"commit": ?"([\da-f]+\+?)"/.exec(text ?? "")?.[1];
}

/** The commit of the branch, or the commit alone, that HEAD names. Git itself is not called. */
function checkedOutCommit(root: string, read: ReadText): string | undefined {
  // In a second work tree `.git` is a file that leads elsewhere.
  const elsewhere = /^gitdir: (.+)$/m.exec(read(join(root, ".git")) ?? "")?.[1];
  const own = elsewhere === undefined ? join(root, ".git") : resolve(root, elsewhere);
  const head = read(join(own, "HEAD"))?.trim();
  const branch = /^ref: (refs\/[^\s]+)$/.exec(head ?? "")?.[1];
  if (branch === undefined || branch.includes("..")) return head;
  const common = resolve(own, read(join(own, "commondir"))?.trim() ?? ".");
  const packed = read(join(common, "packed-refs"))?.split("\n").find((line) => line.endsWith(` ${branch}`));
  return (read(join(own, branch)) ?? read(join(common, branch)))?.trim() ?? packed?.split(" ")[0];
}
