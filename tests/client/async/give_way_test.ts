import { assertEquals } from "@std/assert";
import { giveWay } from "../../../client/async/give_way.ts";

interface Posted {
  options: { priority?: string; delay?: number };
  run: () => void;
}

/** Calls `test` where the browser has a scheduler, with the tasks that were given to it. */
async function withScheduler(test: (posted: Posted[]) => Promise<void>): Promise<void> {
  const posted: Posted[] = [];
  const postTask = (_: () => void, options: Posted["options"]) =>
    new Promise<void>((run) => posted.push({ options, run }));
  Object.assign(globalThis, { scheduler: { postTask } });
  try {
    await test(posted);
  } finally {
    Reflect.deleteProperty(globalThis, "scheduler");
  }
}

Deno.test("work gives way to all that waits in the page", () =>
  withScheduler(async (posted) => {
    const way = giveWay();
    posted.find(({ options }) => options.priority === "background")!.run();
    await way;
  }));

Deno.test("in a page that is always busy work goes on after a tenth of a second", () =>
  withScheduler(async (posted) => {
    const way = giveWay();
    posted.find(({ options }) => options.delay === 100)!.run();
    await way;
  }));

Deno.test("work does not give way where the browser offers no way to do so", () => assertEquals(giveWay(), undefined));
