import { assertEquals } from "@std/assert";
import { nextSteps } from "../../../server/upkeep/move_command.ts";

Deno.test("a move names the old folder so that a shell removes that one alone", () => {
  const removal = (folder: string) => nextSteps("shared", folder).split("and then: ")[1];
  assertEquals(removal("/srv/pawl-2/data"), "rm -r /srv/pawl-2/data");
  assertEquals(removal("/srv/my data"), "rm -r '/srv/my data'");
  assertEquals(removal("/srv/anna's; $HOME"), "rm -r '/srv/anna'\\''s; $HOME'");
});
