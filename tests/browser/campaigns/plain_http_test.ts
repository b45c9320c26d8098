import { assert, assertEquals } from "@std/assert";
import { browserTest, PLAIN_HTTP_HOST } from "../../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../../support/served_page.ts";

const MB = 1_000_000;

browserTest(
  "over plain HTTP, where browsers keep much of themselves back, files are uploaded all the same",
  async () => {
    const args = ["--allow-host", PLAIN_HTTP_HOST];
    await using site = await openServedPage({ host: PLAIN_HTTP_HOST, args, tokens: [{ name: "anna" }] });
    const { page, secrets: { anna = "" } } = site;
    await page.getByLabel("Token").fill(anna);
    await page.keyboard.press("Enter");
    await site.button("Sign out").waitFor();
    assertEquals(
      await page.evaluate(() => [
        isSecureContext,
        "locks" in navigator,
        "clipboard" in navigator,
        "wakeLock" in navigator,
        crypto.subtle === undefined,
        "showOpenFilePicker" in globalThis,
      ]),
      [false, false, false, false, true, false],
    );
    const film = await site.write("film.mkv", 2.5 * MB);
    const note = await site.write("note.txt", 10);
    await site.throttle(SLOW_BYTES_PER_SECOND);
    const chooser = page.waitForEvent("filechooser");
    await site.button("Choose files").click();
    await (await chooser).setFiles([film, note]);
    await site.safeAtLeast("film.mkv", 0.01);
    await site.button("Pause film.mkv").click();
    await site.reached("film.mkv", "paused");
    await site.unthrottle();
    await site.button("Resume film.mkv").click();
    await site.allDone(2);
    assert(await site.isWhole("film.mkv", film));
    assert(await site.isWhole("note.txt", note));
    await site.button("Copy link to note.txt").click();
    const link = await page.getByRole("dialog").getByRole("textbox").inputValue();
    assert(link.startsWith(`http://${PLAIN_HTTP_HOST}:${site.pawl.port}/d/pawl_`), link);
    await site.button("Close").click();
    await site.button("Sign out").click();
    await page.getByLabel("Token").waitFor();
    assertEquals(site.complaints, []);
  },
);
