import { firefoxTest, openInFirefox } from "../../support/firefox.ts";
import { STORIES } from "../../support/stories.ts";

/** The stories that cannot be played, and why. */
const UNPLAYED: Readonly<Record<string, string>> = {
  "pastes a file": "an event that a script makes has no clipboard",
};

for (const [story, play] of Object.entries(STORIES)) {
  const why = UNPLAYED[story];
  if (why === undefined) firefoxTest(`In Firefox somebody ${story}`, () => play(openInFirefox));
  else Deno.test.ignore(`In Firefox somebody ${story} (not played: ${why})`, () => {});
}
