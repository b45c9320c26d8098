import { assertEquals, assertRejects } from "@std/assert";
import { asUploadError } from "../../../../server/errors.ts";
import { BrokenConnection } from "../../../../server/storage/s3/s3_error.ts";
import { type Answer, cut, serving, silent, status, text } from "../../../support/scripted_s3.ts";
import { PATIENCE_MS } from "../../../support/until.ts";

Deno.test("a server that says nothing is given up at the deadline, and asked again", async () => {
  let attempts = 0;
  const answer: Answer = (asked, response) => (attempts === 1 ? silent : status(200))(asked, response);
  await serving([answer, answer], async ({ bucket }) => {
    await bucket.put("a", text("abc"));
    assertEquals(attempts, 2);
  }, { deadlineMs: () => ++attempts === 1 ? 100 : PATIENCE_MS });
});

Deno.test("a server that always says nothing is told of in one line, without the secret", () =>
  serving([silent, silent, silent, silent], async ({ bucket }) => {
    const { message } = await assertRejects(() => bucket.put("a", text("abc")), BrokenConnection, "no answer within");
    assertEquals(/secret|\n/.test(message), false);
  }, { deadlineMs: () => 100 }));

/** Answers 200 with white space again and again, and then with `end`; without it for ever. */
const atWork = (times: number, end?: string): Answer => (_, response) => {
  response.writeHead(200);
  let count = 0;
  const timer = setInterval(() => {
    if (count++ === times) clearInterval(timer);
    if (count <= times) response.write(" ");
    else if (end !== undefined) response.end(end);
  }, 20);
  response.once("close", () => clearInterval(timer));
};
const MULTIPART = { key: "a", uploadId: "1" };
const COMPLETED = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>";

Deno.test("a server that moves bytes may take longer than the deadline, as long as it says something", () =>
  serving([atWork(150, COMPLETED)], async ({ bucket }, asked) => {
    await bucket.complete(MULTIPART, [], 1);
    assertEquals(asked.length, 1);
  }, { deadlineMs: () => 2500 }));

Deno.test("one that says nothing is given up, and not asked to move the same bytes beside that", async () => {
  let attempts = 0;
  await serving([silent, atWork(1), cut, atWork(0, COMPLETED)], async ({ bucket }, asked) => {
    for (const count of [1, 2]) {
      const thrown = await assertRejects(() => bucket.complete(MULTIPART, [], 1), BrokenConnection, "no answer within");
      assertEquals([asUploadError(thrown, 7).code, asked.length], ["no-bucket", count]);
    }
    // A connection that breaks is no sign that the server is at work.
    await bucket.complete(MULTIPART, [], 1);
    assertEquals(asked.length, 4);
  }, { deadlineMs: () => ++attempts <= 2 ? 1000 : PATIENCE_MS });
});

Deno.test("a server that says something for ever is given up at the end of all patience", () =>
  serving([atWork(Infinity)], async ({ bucket }, asked) => {
    await assertRejects(() => bucket.copy("a", "b", 1), BrokenConnection, "no answer within");
    assertEquals(asked.length, 1);
  }, { deadlineMs: () => PATIENCE_MS, longestMs: 300 }));
