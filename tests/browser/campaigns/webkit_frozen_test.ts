import { assert, assertEquals, assertMatch } from "@std/assert";
import { IS_LONG } from "../../support/campaign.ts";
import { openDrivenSite } from "../../support/driven_site.ts";
import { openInWebKit, webkitTest } from "../../support/webkit.ts";

const SOME = 0.2;

webkitTest("An upload in WebKit goes on when its page was left in the middle, and is come back to", async () => {
  await using site = await openDrivenSite(openInWebKit);
  const { page, source, name } = site;
  await page.choose(source);
  await page.safeAtLeast(SOME);
  await page.goto("about:blank");
  await page.back();
  const { text } = await page.reached("done", "failed");
  assertEquals([text, await site.finished()], ["Done", [name]]);
  assert(await site.isWhole(name, source));
});

if (IS_LONG) {
  webkitTest("A file that is removed while WebKit uploads it is told to be so", async () => {
    await using site = await openDrivenSite(openInWebKit);
    const { page, source } = site;
    await page.choose(source);
    await page.safeAtLeast(SOME);
    await Deno.remove(source);
    const { state, text } = await page.reached("failed", "done");
    assertEquals([state, await site.finished()], ["failed", []]);
    assertMatch(text, /^The file was changed, moved or removed/);
  });
}
