import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../../server/config/config_error.ts";
import { untilAnswered, type UntilAnsweredOptions } from "../../../server/storage/until_answered.ts";
import { memoryLog } from "../../support/log.ts";
import { virtualTime } from "../../support/virtual_time.ts";

function patient(more: Partial<UntilAnsweredOptions> = {}) {
  const log = memoryLog();
  const waits: string[] = [];
  const options: UntilAnsweredOptions = {
    awaited: "bucket",
    whyAway: (error) => error instanceof TypeError ? error.message : undefined,
    log,
    giveUp: undefined,
    waits: (awaited) => void waits.push(awaited),
    ...more,
  };
  return { log, waits, options };
}

Deno.test("a server that is away is waited for, and one line tells it", async () => {
  using time = virtualTime();
  const { log, waits, options } = patient();
  let tries = 0;
  const done = untilAnswered(
    () => ++tries < 5 ? Promise.reject(new TypeError("refused")) : Promise.resolve("it"),
    options,
  );
  await time.pass(4000);
  assertEquals([await done, tries, waits.length], ["it", 5, 4]);
  assertEquals(log.lines, ["warning: The bucket gives no answer, and the server waits for it: refused"]);
});

Deno.test("what no wait mends ends it at once, and says nothing of waiting", async () => {
  const { log, waits, options } = patient();
  await assertRejects(() => untilAnswered(() => Promise.reject(new Error("wrong key")), options), Error, "wrong key");
  assertEquals([log.lines, waits], [[], []]);
});

Deno.test("a server that says nothing is told of before the try has ended, and a start that is given up ends at once", async () => {
  using time = virtualTime();
  const ending = new AbortController();
  const { log, waits, options } = patient({ toldAfterMs: 5000, giveUp: ending.signal });
  const done = untilAnswered(() => new Promise(() => {}), options);
  await time.pass(5000);
  assertEquals(waits, ["bucket"]);
  assertEquals(log.lines, ["warning: The bucket gives no answer, and the server waits for it: it says nothing"]);
  const refused = assertRejects(() => done, ConfigError, "The server was ended before its bucket gave an answer");
  ending.abort();
  await refused;
});
