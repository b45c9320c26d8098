import { needsAll } from "./needs_all.ts";

/**
 * A test that needs programs. Without one of them it is ignored and its name says so; with `PAWL_REQUIRE_BROWSER=1` it
 * fails. Where the tests run with few permissions, no program can be started, so it is left out. `variable`
 * names the environment variable for another path, if there is one. Things that the tests of a file share (a browser that
 * is started at its first use) is no leak of one of them.
 */
export function programTest(
  name: string,
  { programs, variable, run }: { programs: readonly string[]; variable?: string; run: () => Promise<void> },
): void {
  const missing = programs.find((program) => !isFile(program));
  const needs = variable === undefined ? `needs ${missing}` : `needs ${missing}: set ${variable}`;
  Deno.test({
    name: missing === undefined ? name : `${name} (${needs})`,
    ignore: needsAll.ignore || missing !== undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1",
    sanitizeOps: false,
    sanitizeResources: false,
    fn: run,
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
