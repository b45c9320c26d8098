import { STORIES } from "../../support/stories.ts";
import { openInWebKit, webkitTest } from "../../support/webkit.ts";

for (const [story, play] of Object.entries(STORIES)) {
  webkitTest(`In WebKit somebody ${story}`, () => play(openInWebKit));
}
