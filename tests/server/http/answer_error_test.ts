import { assertEquals } from "@std/assert";
import { createAnswerError } from "../../../server/http/answer_error.ts";
import { memoryLog } from "../../support/log.ts";

Deno.test("a URL that the runtime's tracing cannot read is the client's fault, and not in the log", async () => {
  const log = memoryLog();
  const { error } = (() => {
    try {
      return { error: new URL('https://a"b[/') };
    } catch (error) {
      return { error };
    }
  })();
  const answer = createAnswerError(log)(error);
  assertEquals([answer.status, await answer.text(), log.lines], [
    400,
    "The Host header must be a name or an address, and a port at most\n",
    [],
  ]);
});

Deno.test("the body of an answer that cannot be read to its end is in the log", () => {
  const log = memoryLog();
  assertEquals(createAnswerError(log)(new Error("the disk is gone")).status, 500);
  assertEquals([log.lines.length, log.lines[0]?.startsWith("warning: An answer was cut off: ")], [1, true]);
});
