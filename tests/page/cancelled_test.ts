import { assert, assertEquals } from "@std/assert";
import { frames } from "../support/frames.ts";
import { storedIn } from "../support/page_database.ts";
import { browserTest } from "../support/browser.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";
import { openUploadPage, type UploadPage } from "../support/upload_page.ts";

const MIB = 2 ** 20;
const NAME = "film.mkv";

/** A page whose upload is paused when a part of it is safe. */
async function pauseMidway(site: ServedPage): Promise<void> {
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await site.write(NAME, 3 * MIB));
  await site.pauseAllAt(0.01, 1);
}

async function sayYes({ page }: UploadPage): Promise<void> {
  await page.locator("#question-yes").click();
  await page.locator("#question").waitFor({ state: "hidden" });
}

browserTest("what stands paused in one tab is no unfinished upload to another, and stays on the server", async () => {
  await using first = await openServedPage();
  await pauseMidway(first);
  await using second = await openUploadPage(first.pawl.url, { beside: first.page });
  await frames(second.page);
  assertEquals(await second.page.locator("#unfinished-list > li").count(), 0);
  assertEquals(await first.unfinished(), 1);
});

browserTest(
  "another tab cannot cancel what has been gone on with since it was listed there, and says so",
  async () => {
    await using first = await openServedPage();
    await pauseMidway(first);
    await first.reload();
    await using second = await openUploadPage(first.pawl.url, { beside: first.page });
    await second.button(`Discard the upload of ${NAME}`).waitFor();
    await first.throttle(SLOW_BYTES_PER_SECOND);
    await first.choose(`${first.folder}/${NAME}`);
    await first.reached(NAME, "sending");
    await second.button(`Discard the upload of ${NAME}`).click();
    await sayYes(second);
    await second.page.getByRole("alert").getByText("Another tab or window uploads this file").waitFor();
    await first.unthrottle();
    await first.reached(NAME, "done");
    assert(await first.isWhole(NAME, `${first.folder}/${NAME}`));
  },
);

browserTest("what is cancelled offline is deleted on the server when the page is opened again", async () => {
  await using site = await openServedPage();
  await pauseMidway(site);
  await site.setOffline(true);
  await site.button(`Cancel ${NAME}`).click();
  await sayYes(site);
  await site.row(NAME).waitFor({ state: "detached" });
  const isDiscarded = ({ value }: { value: unknown }) => (value as { isDiscarded?: boolean }).isDiscarded === true;
  await until(async () => (await storedIn(site.page, "uploads")).some(isDiscarded), "it is noted as given up");
  assertEquals(await site.unfinished(), 1);
  await site.page.close();
  await using later = await openUploadPage(site.pawl.url, { beside: site.page });
  assertEquals(await later.page.locator("#unfinished-list > li").count(), 0);
  await until(async () => await site.unfinished() === 0, "the server has nothing of it any more");
  // The page that was closed may have told the server first, in its last moment.
  const isOfDeleted = (complaint: string) => complaint.includes("404 (Not Found)");
  assertEquals(later.complaints.filter((complaint) => !isOfDeleted(complaint)), []);
});
