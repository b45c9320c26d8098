import { testFinishedFiles } from "./store_contract_finished.ts";
import type { StoreHabits, Stores } from "./store_contract_kind.ts";
import { testLists } from "./store_contract_lists.ts";
import { testRecords } from "./store_contract_records.ts";
import { testUnfinishedFiles } from "./store_contract_unfinished.ts";

/** Tests what the engine relies on in its stores, whatever they are made of. */
export function testStoreContract(
  name: string,
  openStores: () => Promise<Stores>,
  { hasFolders = true, test: makeTest = Deno.test }: StoreHabits = {},
): void {
  function test(behaviour: string, run: (stores: Stores) => Promise<void>): void {
    makeTest(`${name}: ${behaviour}`, async () => {
      await using stores = await openStores();
      await run(stores);
    });
  }

  testUnfinishedFiles(test);
  testFinishedFiles(test, hasFolders);
  testRecords(test);
  testLists(test);
}
