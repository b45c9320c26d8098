import { testCommits } from "./leases_contract_commits.ts";
import type { Instances } from "./leases_contract_kind.ts";
import { testOthers } from "./leases_contract_others.ts";
import { testRows } from "./leases_contract_rows.ts";
import { PATIENCE_MS } from "./until.ts";

/**
 * Tests what the store of bytes relies on in the leases, whatever they are made of. `openInstances` is told after how many
 * milliseconds without a word an instance counts as silent.
 */
export function testLeasesContract(
  name: string,
  openInstances: (silenceMs: number) => Promise<Instances>,
  test: (name: string, run: () => Promise<void>) => void = (name, run) => Deno.test(name, run),
): void {
  function about(behaviour: string, run: (instances: Instances) => Promise<void>, silenceMs = PATIENCE_MS): void {
    test(`${name}: ${behaviour}`, async () => {
      await using instances = await openInstances(silenceMs);
      await run(instances);
    });
  }

  testCommits(about);
  testOthers(about);
  testRows(about);
}
