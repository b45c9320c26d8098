import { browserTest } from "../../support/browser.ts";
import { openInChromium } from "../../support/driven_chromium.ts";
import { STORIES } from "../../support/stories.ts";

// The other files of this folder try more in Chromium. These are the stories that other browsers play too.
for (const [story, play] of Object.entries(STORIES)) {
  browserTest(`In Chromium somebody ${story}`, () => play(openInChromium));
}
