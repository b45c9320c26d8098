import { assertEquals, assertStringIncludes } from "@std/assert";
import { formOf, openLog } from "../../server/log.ts";
import { formatEvent, inOneLine, type LogEvent, type LogFormat } from "../../server/log_lines.ts";

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

/** An event, and the line that it makes. */
function lineOf(event: Partial<LogEvent>, format: LogFormat): string {
  return formatEvent({ at: 0, level: "info", logger: "pawl", message: "", properties: {}, ...event }, format);
}

Deno.test("an event is a line for people, or a JSON object for programs", () => {
  const event = { level: "warning", message: 'Refused "a"', properties: { name: "a", bytes: 5 } };
  assertEquals(lineOf(event, "text"), '1970-01-01T00:00:00.000Z [WARNING] pawl: Refused "a"\n');
  assertEquals(JSON.parse(lineOf(event, "json")), { time: "1970-01-01T00:00:00.000Z", logger: "pawl", ...event });
  const hard = { properties: { error: new TypeError("why"), big: 1n, none: Infinity } };
  assertEquals(JSON.parse(lineOf(hard, "json")).properties, { error: "TypeError: why", big: "1", none: "Infinity" });
});

Deno.test("a line has no control character but the line feed at its end, whoever sent them", () => {
  const hostile = "a\r\n2026 [ERROR] b\0\x1b[2J\x7f\x9b\u2028\u202e\u2066";
  for (const format of ["text", "json"] as const) {
    const line = lineOf({ message: hostile, properties: { hostile } }, format);
    // deno-lint-ignore no-control-regex -- they are what is looked for
    assertEquals(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(line.slice(0, -1)), false, line);
    assertEquals(line.at(-1), "\n");
  }
  const { message, properties } = JSON.parse(lineOf({ message: hostile, properties: { hostile } }, "json"));
  assertEquals([message, properties.hostile], [hostile, hostile]);
});

Deno.test("a line has no secret of a token or link, wherever it came from", () => {
  const secret = `pawl_${"a-Z0".repeat(11)}`.slice(0, 48);
  for (const format of ["text", "json"] as const) {
    const line = lineOf({ message: `GET /u/${secret}x`, properties: { error: new Error(`for ${secret}`) } }, format);
    assertEquals(line.includes(secret.slice(0, 12)), false, line);
    assertStringIncludes(line, "/u/pawl_…");
  }
  // A folder of such a name is no secret.
  assertStringIncludes(lineOf({ message: "/srv/pawl_data/files" }, "text"), "/srv/pawl_data/files");
});

Deno.test("a log without a wish is for people on a terminal, and for programs otherwise", () => {
  assertEquals([formOf("auto", true), formOf("auto", false)], ["text", "json"]);
  assertEquals([formOf("json", true), formOf("text", false)], ["json", "text"]);
});

Deno.test("the log has what is at its level, which can change, and access events whatever it is", async () => {
  let written = "";
  const { log, take, setLevel, flush } = openLog({ level: "warning", format: "text" }, (bytes) => {
    written += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  });
  log.info("Not {this}", { this: 1 });
  log.warning("But {this} and {that}", { this: "a\nb", that: new Error("c\nd") });
  take({ at: 0, level: "info", logger: "pawl.access", message: "GET / 200", properties: {} });
  setLevel("debug");
  log.debug("Now this");
  setLevel("error");
  log.warning("Not this");
  await flush();
  const [first = "", ...others] = written.trimEnd().split("\n");
  assertStringIncludes(first, '[WARNING] pawl: But "a\\nb" and Error: c | d |');
  assertEquals(others.map((line) => line.replace(/^\S+ /, "")), [
    "[INFO] pawl.access: GET / 200",
    "[DEBUG] pawl: Now this",
  ]);
});
