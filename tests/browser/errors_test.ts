import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;

browserTest(
  "a file over the server's limit is refused with the limit in words, and the others are uploaded",
  async () => {
    await using site = await openServedPage({ server: ["--max-size", "5MB"] });
    const { page } = site;
    await site.choose([await site.write("film.mkv", 6 * MB), await site.write("note.txt", 10)]);
    await site.reached("film.mkv", "failed");
    await site.says(
      "film.mkv",
      /^The file is too large: the limit is 5\.0 MB\. Choose a smaller one, or ask whoever runs the server\.$/,
    );
    assertEquals(await site.offered("film.mkv"), ["Remove"]);
    await site.reached("note.txt", "done");
    assertEquals(await site.finished(), ["note.txt"]);
    await until(async () => await page.title() === "Pawl", "nothing runs any more");
  },
);

browserTest(
  "a file that is changed on the disk midway fails and says what to do, and is uploaded when it is chosen again",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const film = await site.write("film.mkv", 40 * MB);
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose(film);
    await site.safeAtLeast("film.mkv", 0.2);
    await Deno.writeTextFile(film, "and more", { append: true });
    await site.reached("film.mkv", "failed");
    await site.says("film.mkv", /^The file was changed, moved or removed on your computer\. Choose it again\.$/);
    assertEquals(await site.offered("film.mkv"), ["Cancel"]);
    await site.unthrottle();
    await site.choose(film);
    await site.reached("film.mkv", "done");
    assertEquals(await page.locator("#list > li").count(), 1);
    assert(await site.isWhole("film.mkv", film));
    await until(async () => await site.unfinished() === 0, "the server deletes what it had of the old file");
  },
);

browserTest("a file that is gone from the disk can be taken off the list", async () => {
  await using site = await openServedPage();
  const film = await site.write("film.mkv", 40 * MB);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(film);
  await site.safeAtLeast("film.mkv", 0.2);
  await Deno.remove(film);
  await site.reached("film.mkv", "failed");
  await site.button("Cancel film.mkv").click();
  await site.button("Cancel the upload").click();
  await site.row("film.mkv").waitFor({ state: "detached" });
  await until(async () => await site.unfinished() === 0, "the server deletes it");
});

browserTest("a refusal is shown with the server's own line, in one place", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await page.route("**/upload", (route) => route.fulfill({ status: 422, body: "Names may have no spaces" }));
  await site.choose(await site.write("a b.txt", 10));
  await site.reached("a b.txt", "failed");
  await site.says(
    "a b.txt",
    /^The server refused the upload \(422, Names may have no spaces\)\. Try again, and if it is refused again ask whoever runs the server\.$/,
  );
  const shown = page.getByText("Names may have no spaces").and(page.locator(":not(.visually-hidden)"));
  assertEquals(await shown.count(), 1);
});
