import { firefoxTest, openInFirefox } from "../../support/firefox.ts";
import { STORIES } from "../../support/stories.ts";

for (const [story, play] of Object.entries(STORIES)) {
  firefoxTest(`In Firefox somebody ${story}`, () => play(openInFirefox));
}
