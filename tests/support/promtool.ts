import { programTest } from "./programs.ts";

/** Debian's `promtool`, from its package `prometheus`. */
const PROMTOOL = Deno.env.get("PAWL_PROMTOOL") ?? "/usr/bin/promtool";

/** Runs `promtool` with these arguments in `folder`, and `input` on its standard input; gives all that it prints. */
export async function promtool(
  args: readonly string[],
  { input = "", folder = "." }: { input?: string; folder?: string | URL } = {},
): Promise<{ code: number; output: string }> {
  const child = new Deno.Command(PROMTOOL, {
    args: [...args],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** A test that needs `promtool`. */
export function promtoolTest(name: string, run: () => Promise<void>): void {
  programTest(name, { programs: [PROMTOOL], variable: "PAWL_PROMTOOL", run });
}
