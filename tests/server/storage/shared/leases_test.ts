import { testLeasesContract } from "../../../support/leases_contract.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";

testLeasesContract("leases in memory", () => {
  const rows = new MemoryRows();
  const [one, other] = [rows.instance(), rows.instance()];
  return Promise.resolve({
    one,
    other,
    recorded: (id) => one.recorded(id),
    silenceOne: () => Promise.resolve(one.fallSilent()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
