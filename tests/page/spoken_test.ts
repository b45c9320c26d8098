import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;
/** Between two texts that are spoken. */
const SILENCE_MS = 5000;

interface Said {
  text: string;
  at: number;
}

/** Notes what the two regions say that only a screen reader hears. */
function withListener(): void {
  const heard: Record<string, Said[]> = { status: [], failures: [] };
  Object.assign(globalThis, { heard });
  addEventListener("DOMContentLoaded", () => {
    for (const [id, said] of Object.entries(heard)) {
      const region = document.getElementById(id)!;
      new MutationObserver(() => {
        const text = region.textContent;
        if (text !== "") said.push({ text, at: performance.now() });
      }).observe(region, { childList: true, characterData: true, subtree: true });
    }
  });
}

async function heard(page: Page, region: "status" | "failures"): Promise<Said[]> {
  const all = await page.evaluate(() => (globalThis as unknown as { heard: Record<string, Said[]> }).heard);
  return all[region] ?? [];
}

browserTest(
  "a screen reader hears the start, the quarters and the end, never two of them within 5 seconds",
  async () => {
    await using site = await openServedPage({ before: withListener, hasClock: true });
    const { page } = site;
    await site.throttle(MB);
    await site.choose(await site.write("film.mkv", 3 * MB));
    await until(async () => (await heard(page, "status")).length > 0, "the start is heard");
    await site.sentAtLeast("film.mkv", 0.25);
    await page.clock.fastForward(SILENCE_MS);
    await until(async () => (await heard(page, "status")).length > 1, "a quarter is heard");
    await site.unthrottle();
    await site.allDone(1);
    await page.clock.fastForward(SILENCE_MS);
    await until(
      async () => (await heard(page, "status")).at(-1)?.text.startsWith("1 file") === true,
      "the end is heard",
    );
    const said = await heard(page, "status");
    assertEquals(said[0]?.text, "Uploading 1 file");
    assertEquals(said.at(-1)?.text, "1 file uploaded");
    const quarters = said.slice(1, -1).map(({ text }) => text);
    assert(quarters.length >= 1 && quarters.every((text) => /^(25|50|75)% sent$/.test(text)), String(quarters));
    const pauses = said.slice(1).map(({ at }, index) => at - said[index]!.at);
    assert(pauses.every((pause) => pause >= 4900), `Between them were ${pauses} ms`);
    assertEquals(await page.getByRole("status").filter({ hasText: "1 file uploaded" }).count(), 1);
    assertEquals(await heard(page, "failures"), []);
  },
);

browserTest(
  "a screen reader hears the end of what was quick, and of what came later its start and its own end",
  async () => {
    await using site = await openServedPage({ before: withListener, hasClock: true });
    const { page } = site;
    const hears = async (texts: string[]) => {
      await page.clock.fastForward(SILENCE_MS);
      // What is said of the share that has been sent depends on the moment.
      const told = async () =>
        (await heard(page, "status")).map(({ text }) => text).filter((text) => !text.endsWith("% sent"));
      await until(async () => (await told()).length >= texts.length, `“${texts.at(-1)}” is heard`);
      assertEquals(await told(), texts);
    };
    await site.choose([await site.write("a.txt", 10), await site.write("b.txt", 10)]);
    await site.allDone(2);
    await until(async () => (await heard(page, "status")).length > 0, "something is heard");
    // At the page's first look both may be under way, or one, or none any more.
    const [{ text }] = await heard(page, "status") as [Said];
    const first = text === "2 files uploaded" ? [] : [text];
    assert(first.every((text) => /^Uploading (1 file|2 files)$/.test(text)), text);
    await hears([...first, "2 files uploaded"]);
    await site.throttle(MB);
    await site.choose(await site.write("film.mkv", 1.5 * MB));
    await hears([...first, "2 files uploaded", "Uploading 1 file"]);
    await site.choose(await site.write("series.mkv", 1.5 * MB));
    await hears([...first, "2 files uploaded", "Uploading 1 file", "Uploading 2 files"]);
    await site.unthrottle();
    await site.allDone(4);
    await hears([...first, "2 files uploaded", "Uploading 1 file", "Uploading 2 files", "2 files uploaded"]);
  },
);

browserTest("a screen reader hears each failure once, and of many the number", async () => {
  await using site = await openServedPage({ args: ["--max-size", "1MB"], before: withListener, hasClock: true });
  const { page } = site;
  const fail = async (names: string[]) => {
    await site.choose(await Promise.all(names.map((name) => site.write(name, 1.1 * MB))));
    for (const name of names) await site.reached(name, "failed");
  };
  const one =
    "film.mkv: The file is too large: the limit is 1.0 MB. Choose a smaller one, or ask whoever runs the server.";
  await fail(["film.mkv"]);
  await until(async () => (await heard(page, "failures")).length === 1, "a failure is heard");
  await fail(["a.mkv", "b.mkv", "c.mkv"]);
  await page.clock.fastForward(SILENCE_MS);
  await until(async () => (await heard(page, "failures")).length === 2, "the other failures are heard");
  const said = await heard(page, "failures");
  assertEquals(said.map(({ text }) => text), [one, "3 files have failed"]);
  assert(said[1]!.at - said[0]!.at >= 4900);
  assertEquals(await page.getByRole("alert").filter({ hasText: "3 files have failed" }).count(), 1);
});

browserTest("a screen reader hears a failure that comes again", async () => {
  await using site = await openServedPage({ before: withListener, hasClock: true });
  const { page } = site;
  await page.route("**/upload", (route) => route.fulfill({ status: 403 }));
  await site.choose(await site.write("note.txt", 10));
  await until(async () => (await heard(page, "failures")).length === 1, "the failure is heard");
  const refused = page.waitForResponse((response) => response.status() === 403);
  await site.button("Try again: note.txt").click();
  await refused;
  await site.reached("note.txt", "failed");
  await page.clock.fastForward(SILENCE_MS);
  await until(async () => (await heard(page, "failures")).length === 2, "the failure is heard again");
  const [first, second] = await heard(page, "failures");
  assert(first?.text.startsWith("note.txt: You are not allowed to upload here."));
  assertEquals(second?.text, first?.text);
});

browserTest(
  "each bar has a name, a value and a text for a screen reader, and each row its place in the list",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const lists = page.getByRole("list").filter({ has: page.getByRole("listitem") });
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose([await site.write("film.mkv", 4 * MB), await site.write("note.txt", 10)]);
    await site.safeAtLeast("film.mkv", 0.01);
    // The other one tells what the bar's colours are, while they differ.
    await until(async () => await lists.count() === 2, "the colours are told");
    await site.button("Pause film.mkv").click();
    await site.reached("film.mkv", "paused");
    for (const name of ["film.mkv", "All uploads"]) {
      const bar = page.getByRole("progressbar", { name, exact: true });
      await until(async () => {
        const { value, text } = await bar.evaluate((bar) => ({
          value: (bar as HTMLProgressElement).value,
          text: bar.ariaValueText ?? "",
        }));
        const percent = Math.floor(value * 100);
        return percent >= 2 && percent < 100 && text === `${percent}% sent, ${percent}% safe on the server`;
      }, `the bar of ${name} says how far it is`);
    }
    const places = await page.locator("#list > li").evaluateAll((rows) =>
      rows.map(({ ariaPosInSet, ariaSetSize }) => [ariaPosInSet, ariaSetSize])
    );
    assertEquals(places, [["1", "2"], ["2", "2"]]);
    await until(async () => await lists.count() === 1, "nothing is sent, and the colours are not told");
  },
);
