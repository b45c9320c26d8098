import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../../support/browser.ts";
import { startSlowLine } from "../../support/slow_line.ts";
import { partsOf } from "../../support/upload_list.ts";
import { until } from "../../support/until.ts";
import { startSite } from "../../support/test_site.ts";
import { openUploadPage } from "../../support/upload_page.ts";

const MIB = 2 ** 20;
const NAME = "film.mkv";

browserTest("one who pauses and resumes goes on, while what was sent before is still on its way", async () => {
  await using site = await startSite();
  await using line = await startSlowLine({ to: site.pawl.port, bytesPerSecond: 3 * MIB, holds: 6 * MIB });
  await using tab = await openUploadPage(`http://127.0.0.1:${line.port}`);
  const statuses: number[] = [];
  tab.page.on("response", (response) => statuses.push(response.status()));
  const source = await site.write(NAME, 12 * MIB);
  await tab.choose(source);
  await tab.safeAtLeast(NAME, 0.05);
  const isAhead = async () => {
    const { sent, safe } = await partsOf(tab.row(NAME));
    return sent - safe >= 0.3;
  };
  await until(isAhead, "much of what was sent is still on its way");
  // However long this machine takes for the clicks, the rest is on its way for half a minute.
  line.bytesPerSecond = MIB / 8;
  await tab.button(`Pause ${NAME}`).dispatchEvent("click");
  await tab.reached(NAME, "paused");
  await tab.button(`Resume ${NAME}`).dispatchEvent("click");
  await until(() => statuses.includes(423) || statuses.includes(400), "what goes on too early is refused");
  line.bytesPerSecond = 3 * MIB;
  await tab.reached(NAME, "done");
  assert(await site.isWhole(NAME, source));
  assertEquals(await site.finished(), [NAME]);
});

browserTest("the speed that is told is the line's, also while the first bytes fill it", async () => {
  await using site = await startSite();
  await using line = await startSlowLine({ to: site.pawl.port, bytesPerSecond: 2 * MIB, holds: 4 * MIB });
  await using tab = await openUploadPage(`http://127.0.0.1:${line.port}`);
  await tab.choose(await site.write(NAME, 40 * MIB));
  const told: number[] = [];
  await until(async () => {
    const text = await tab.row(NAME).locator(".numbers").textContent() ?? "";
    const speed = /([\d.]+)\s(k|M)B\/\u2060?s/.exec(text);
    if (speed !== null) told.push(Number(speed[1]) * (speed[2] === "M" ? 1e6 : 1e3));
    // The line needs some seconds for so much, and what fills it at once is less.
    return (await partsOf(tab.row(NAME))).safe >= 0.3;
  }, "much more is safe than the line holds");
  assert(told.length > 5, `${told}`);
  // 8 MiB in the first second and a half, into sockets and the line, and 2 MiB each second after that.
  assert(Math.max(...told) < 16e6, `${told}`);
  assert(told.at(-1)! < 6e6, `${told}`);
});
