import { assertEquals } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { answerFor } from "../../../../server/protocols/form/answers.ts";

const LINES = { headers: new Headers({ "Accept": "application/jsonl" }) };

/** The line of the file in a part. */
const done = (part: number) => ({ part, status: 200, complete: true });

Deno.test("lines that are told at one time go as one piece, and others as soon as they are told", async () => {
  const answer = answerFor(LINES);
  answer.come();
  for (const part of [0, 1, 2]) answer.tell(done(part), "a.txt");
  const reader = (await answer.response).body!.pipeThrough(new TextDecoderStream()).getReader();
  const read = async () => (await reader.read()).value?.split("\n").length;
  assertEquals(await read(), 4);
  await setImmediate();
  answer.tell(done(3), "b.txt");
  assertEquals(await read(), 2);
  answer.tell(done(4), "c.txt");
  answer.end({ status: 200, parts: 5 });
  assertEquals([await read(), await read()], [3, undefined]);
});

Deno.test("what is told before a form has come is kept until the answer begins", async () => {
  const answer = answerFor(LINES);
  answer.tell(done(0), "a.txt");
  await setImmediate();
  answer.tell(done(1), "b.txt");
  answer.end({ status: 200, parts: 2 });
  const text = await (await answer.response).text();
  assertEquals(text.trim().split("\n").map((line) => JSON.parse(line)), [done(0), done(1), { status: 200, parts: 2 }]);
});
