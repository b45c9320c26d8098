import { assertEquals } from "@std/assert";
import { stripTypes, withoutBlanks } from "../../../server/page/script.ts";

Deno.test("a script loses its indents, its empty lines and the blanks where types were", () => {
  const script = stripTypes("function add(a: number, b: number): number {\n\n  return a + b;\n}\n", "add.ts");
  assertEquals(withoutBlanks(script), "function add(a, b) {\nreturn a + b;\n}");
});

Deno.test("blanks that may be text stay", () => {
  for (const line of ['say("a  b");', "say('a  ,b');", "say(`a  b`);", "const gap = /a  b/;"]) {
    assertEquals(withoutBlanks(`  ${line}\n`), line);
  }
});

Deno.test("a script with a text of several lines stays as it is", () => {
  for (const script of ["say(`a\n  b`);\n\n", 'say("a \\\n  b");\n\n']) assertEquals(withoutBlanks(script), script);
});
