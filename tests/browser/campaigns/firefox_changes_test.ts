import { assert, assertEquals, assertMatch } from "@std/assert";
import { IS_LONG } from "../../support/campaign.ts";
import { type DrivenSite, LARGE, openDrivenSite } from "../../support/driven_site.ts";
import { firefoxTest, openInFirefox } from "../../support/firefox.ts";

/** Enough for a piece to be safe. */
const SOME = 0.2;

if (IS_LONG) {
  firefoxTest("Firefox uploads a file that nobody touches", async () => {
    await using site = await openDrivenSite(openInFirefox);
    await site.page.choose(site.source);
    await site.page.reached("done");
    assert(await site.isWhole(site.name, site.source));
  });
}

const CHANGES: Readonly<Record<string, (site: DrivenSite) => Promise<unknown>>> = {
  "has another one renamed over it": async ({ write, size, source }) => {
    await Deno.rename(await write("other.mkv", size), source);
  },
  "is rewritten in place": ({ source, size }) => overwrite(source, { at: 0, bytes: size }),
  "is cut short": ({ source, size }) => Deno.truncate(source, size / 2),
  "is removed": ({ source }) => Deno.remove(source),
};

for (const [what, change] of Object.entries(CHANGES)) {
  firefoxTest(
    `A file that ${what} while Firefox uploads it ends as changed, and nothing is under its name`,
    async () => {
      await using site = await openDrivenSite(openInFirefox);
      await site.page.choose(site.source);
      await site.page.safeAtLeast(SOME);
      await change(site);
      await isToldAsChanged(site);
    },
  );
}

firefoxTest(
  "4 KiB that change at a random place of what Firefox has sent are found before the last piece goes",
  async () => {
    await using site = await openDrivenSite(openInFirefox, LARGE);
    await site.page.choose(site.source);
    await site.page.safeAtLeast(SOME);
    await overwrite(site.source, { at: Math.floor(Math.random() * SOME * site.size), bytes: 4096 });
    await isToldAsChanged(site);
  },
);

firefoxTest("A file that is rewritten while its upload is paused in Firefox ends as changed", async () => {
  await using site = await openDrivenSite(openInFirefox);
  const { page, source, size, name } = site;
  await page.choose(source);
  await page.safeAtLeast(SOME);
  await page.press(`Pause ${name}`);
  await page.reached("paused");
  await overwrite(source, { at: 0, bytes: size });
  await page.press(`Resume ${name}`);
  await isToldAsChanged(site);
});

async function isToldAsChanged({ page, finished }: DrivenSite): Promise<void> {
  const { state, text } = await page.reached("failed", "done");
  assertEquals([state, await finished()], ["failed", []]);
  assertMatch(text, /^The file was changed, moved or removed/);
}

/** Writes zeros into a file, and leaves its size as it is. */
async function overwrite(path: string, { at, bytes }: { at: number; bytes: number }): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(at, Deno.SeekMode.Start);
  for (let written = 0; written < bytes;) {
    written += await file.write(new Uint8Array(Math.min(bytes - written, 2 ** 20)));
  }
}
