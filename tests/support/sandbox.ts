import { fromFileUrl, join } from "@std/path";
import type { Plan, Seen } from "./in_sandbox.ts";
import { tempDir } from "./temp_dir.ts";

/** The path of bubblewrap, which makes sandboxes. */
export const BUBBLEWRAP = Deno.env.get("PAWL_BUBBLEWRAP") ?? "/usr/bin/bwrap";

/** The parts of the checkout that are in the binary, and that the Dockerfile copies: the server needs no others. */
export const SHIPPED = ["main.ts", "deno.json", "deno.lock", "client", "server", "static"];

/** The things that can be seen in a sandbox, besides system libraries. */
export interface Layout {
  /** The path of Deno. */
  readonly deno: string;
  /** The folder of the source, read-only. */
  readonly source: string;
  /** The folder of Deno's cache, read-only. */
  readonly cache: string;
  /** The folders that can be written to; each is new. */
  readonly writable: readonly string[];
  /** Symbolic links: the path of each, and its target. */
  readonly links?: Readonly<Record<string, string>>;
}

const root = fromFileUrl(new URL("../../", import.meta.url));
const SCRIPT = "/in_sandbox.ts";

/**
 * Carries out a plan in a sandbox: without the checkout, without a network but its own loopback, without capabilities,
 * as a user that owns nothing else, on a root that nobody can write to. Throws with what was printed when it fails.
 */
export async function inSandbox(plan: Plan, { deno, source, cache, writable, links = {} }: Layout): Promise<Seen> {
  await using dir = await tempDir();
  const folders = await Promise.all(writable.map(async (inside, number) => {
    const outside = join(dir.path, String(number));
    await Deno.mkdir(outside);
    return ["--bind", outside, inside];
  }));
  const args = [
    ...["--unshare-all", "--unshare-user", "--uid", "65532", "--gid", "65532", "--cap-drop", "ALL"],
    ...["--die-with-parent", "--new-session", "--clearenv", "--setenv", "DENO_DIR", cache, "--setenv", "NO_COLOR", "1"],
    ...["--ro-bind", "/usr/lib", "/usr/lib", "--symlink", "usr/lib", "/lib", "--ro-bind", "/lib64", "/lib64"],
    ...["--proc", "/proc", "--dev", "/dev", "--ro-bind", Deno.execPath(), deno, "--ro-bind", await denoDir(), cache],
    ...SHIPPED.flatMap((name) => ["--ro-bind", join(root, name), join(source, name)]),
    ...["--ro-bind", join(root, "tests/support/in_sandbox.ts"), SCRIPT],
    ...folders.flat(),
    ...Object.entries(links).flatMap(([path, target]) => ["--symlink", target, path]),
    ...["--remount-ro", "/", "--chdir", "/"],
    ...[deno, "run", "-A", "--no-check", "--no-config", "--no-lock", "--unstable-net", "--cached-only", SCRIPT],
    JSON.stringify(plan),
  ];
  const { code, stdout, stderr } = await new Deno.Command(BUBBLEWRAP, { args }).output();
  const [printed, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`The sandbox ended with code ${code}: ${printed}${errors}`);
  return JSON.parse(printed!);
}

/** The folder where this Deno keeps its cache. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
