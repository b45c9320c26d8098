import { assertEquals, assertRejects } from "@std/assert";
import { createAnswerError } from "../../../server/http/answer_error.ts";
import { BrokenOff, endedAlone } from "../../../server/http/tunnels.ts";
import { memoryLog } from "../../support/log.ts";

Deno.test("a URL that the runtime's tracing cannot read is the client's fault, not in the log, and ends its connection", async () => {
  const log = memoryLog();
  const { error } = (() => {
    try {
      return { error: new URL('https://a"b[/') };
    } catch (error) {
      return { error };
    }
  })();
  const ended = endedAlone();
  const answer = createAnswerError(log, ended)(error);
  assertEquals([answer.status, answer.headers.get("x-error"), ended.has(undefined)], [400, "bad-request", true]);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "The Host header must be a name or an address, and a port at most\n");
  await assertRejects(() => reader.read(), BrokenOff);
  assertEquals(log.lines, []);
});

Deno.test("the body of an answer that cannot be read to its end is in the log", () => {
  const log = memoryLog();
  const { status, headers } = createAnswerError(log)(new Error("the disk is gone"));
  assertEquals([status, headers.get("x-error")], [500, "failed"]);
  assertEquals([log.lines.length, log.lines[0]?.startsWith("warning: An answer was cut off: ")], [1, true]);
});
