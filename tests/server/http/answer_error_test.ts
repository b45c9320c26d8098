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
  assertEquals([answer.status, answer.headers.get("x-error"), await answer.text(), log.lines], [
    400,
    "bad-request",
    "The Host header must be a name or an address, and a port at most\n",
    [],
  ]);
});

Deno.test("the body of an answer that cannot be read to its end is in the log", () => {
  const log = memoryLog();
  const { status, headers } = createAnswerError(log)(new Error("the disk is gone"));
  assertEquals([status, headers.get("x-error")], [500, "failed"]);
  assertEquals([log.lines.length, log.lines[0]?.startsWith("warning: An answer was cut off: ")], [1, true]);
});
