import { assertEquals, assertThrows } from "@std/assert";
import { commandOf, COMMANDS } from "../../../server/commands/all.ts";
import { ConfigError } from "../../../server/config/config.ts";
import { helpText } from "../../../server/config/help.ts";

Deno.test("the first word of the command line is a command; an option, or nothing, means the server", () => {
  for (const command of COMMANDS) assertEquals(commandOf(command.name), command);
  assertEquals([commandOf(undefined), commandOf("--port"), commandOf("--help")], [undefined, undefined, undefined]);
});

Deno.test("a word that is no command is refused in one line, with the command that was probably meant", () => {
  assertThrows(() => commandOf("backpu"), ConfigError, 'Unknown command "backpu": did you mean backup?');
  assertThrows(() => commandOf("toString"), ConfigError, 'Unknown command "toString": see --help');
  assertThrows(() => commandOf("a\nb"), ConfigError, 'Unknown command "a\\nb": see --help');
});

Deno.test("each command has a name of its own, a line in --help, and a --help of its own", async () => {
  assertEquals(new Set(COMMANDS.map(({ name }) => name)).size, COMMANDS.length);
  const lines = helpText(COMMANDS).split("\n");
  for (const { name, about, load } of COMMANDS) {
    assertEquals(lines.filter((line) => line.startsWith(`  ${name} `) && line.endsWith(` ${about}`)).length, 1, name);
    assertEquals(lines.every((line) => !line.includes(about) || line.length <= 120), true, name);
    const told: string[] = [];
    const run = await load();
    const print = (line: string) => void told.push(line);
    assertEquals(await run(["--help"], () => undefined, { print, tell: print }) ?? 0, 0);
    assertEquals(told.join("\n").includes(`main.ts ${name}`), true, name);
  }
});
