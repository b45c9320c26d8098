import { needsAll } from "./needs_all.ts";
import { findNginx } from "./nginx.ts";

const hasNginx = !needsAll.ignore && await findNginx() !== undefined;

/**
 * A test that needs Debian's nginx. Without it the test is ignored and its name says so; with `PAWL_REQUIRE_BROWSER=1` it
 * fails.
 */
export function nginxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name: hasNginx ? name : `${name} (needs nginx)`,
    ignore: needsAll.ignore || !hasNginx && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1",
    fn,
  });
}
