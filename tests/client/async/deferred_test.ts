import { assertEquals } from "@std/assert";
import { deferred } from "../../../client/async/deferred.ts";

Deno.test("deferred() gives a promise that is resolved, or rejected, later and once", async () => {
  const good = deferred<number>();
  good.resolve(1);
  good.resolve(2);
  assertEquals(await good.promise, 1);
  const bad = deferred<number>();
  bad.reject("No");
  bad.resolve(1);
  assertEquals(await bad.promise.catch((reason) => reason), "No");
});
