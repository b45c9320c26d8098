import { assertEquals, assertStringIncludes } from "@std/assert";
import { inOneLine } from "../../server/log.ts";

Deno.test("an error is one line in the log, with its stack and what caused it", () => {
  const error = new TypeError("two\nlines\u2028or three", { cause: new Error("why\r\nso") });
  const text = inOneLine(error, Deno.inspect);
  assertEquals(/[\r\n\u2028\u2029]/.test(text), false, text);
  for (const part of ["TypeError: two | lines | or three", "log_test.ts", "Error: why | so"]) {
    assertStringIncludes(text, part);
  }
});

Deno.test("a property that is no error is formatted as ever, a text in quotes", () => {
  assertEquals(inOneLine("a\nb", Deno.inspect), '"a\\nb"');
  assertEquals(inOneLine(7, Deno.inspect), "7");
});
