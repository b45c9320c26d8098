// The functions that run in a page are typed as there.
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { assertNoViolations } from "../support/axe.ts";
import { browserTest } from "../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";
import { addTestToken, withTokens } from "../support/tokens.ts";
import { withoutPicker, withQuickDeletions } from "../support/upload_page.ts";

const MB = 1_000_000;
const WRONG = `pawl_${"x".repeat(43)}`;

/** Everything that a page keeps or shows, as one text. */
async function everythingIn(page: Page): Promise<string> {
  return await page.evaluate(async () => {
    const kept: unknown[] = [document.cookie, location.href, document.documentElement.outerHTML];
    kept.push({ ...localStorage }, { ...sessionStorage }, history.state);
    kept.push([...document.querySelectorAll("input")].map(({ value }) => value));
    const { navigation } = globalThis as unknown as { navigation: { entries(): { url: string }[] } };
    kept.push(navigation.entries().map(({ url }) => url), performance.getEntries().map(({ name }) => name));
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open(name!);
        opening.onsuccess = () => resolve(opening.result);
      });
      for (const store of database.objectStoreNames) {
        kept.push(
          await new Promise((resolve) => {
            const all = database.transaction(store).objectStore(store).getAll();
            all.onsuccess = () => resolve(all.result);
          }),
        );
      }
      database.close();
    }
    return JSON.stringify(kept);
  });
}

/** The names of all that can be pressed, chosen or filled in. */
async function controls(page: Page): Promise<string[]> {
  return await page.locator(":is(button, input, select, summary, a):visible").evaluateAll((elements) =>
    elements.map((element) => element.ariaLabel ?? (element.textContent?.trim() || element.id)).filter((name) =>
      !name.includes("English")
    )
  );
}

browserTest("a visitor signs in by the form and out again, and the token is nowhere afterwards", async () => {
  await using site = await openServedPage({ tokens: [{ name: "anna" }] });
  const { page, secrets: { anna = "" } } = site;
  await page.locator("#token:focus").waitFor();
  assertEquals(await controls(page), ["token", "Sign in"]);
  await site.drop([await site.write("dropped.txt", 10)]);
  await page.getByLabel("Token").fill(WRONG);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "This token is not known here" }).waitFor();
  await assertNoViolations(page);
  const guesses = Array.from({ length: 10 }, (_, index) => `pawl_${String(index).repeat(43)}`);
  for (const guess of guesses) {
    await page.evaluate((guess) => fetch("/status", { headers: { Authorization: `Bearer ${guess}` } }), guess);
  }
  await page.getByLabel("Token").fill(`${WRONG.slice(0, -1)}y`);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Too many wrong tokens came from your address" }).waitFor();
  await page.getByLabel("Token").fill(` ${anna} `);
  await site.button("Sign in").click();
  await site.button("Choose files").waitFor();
  assertEquals(await page.locator("#sign-in").isVisible(), false);
  assertEquals(await page.locator("#visitor").textContent(), "anna");
  await site.choose(await site.write("note.txt", 10));
  await site.allDone(1);
  assertEquals(await site.finished(), ["note.txt"]);
  const everything = await everythingIn(page);
  assert(everything.includes("note.txt") && !everything.includes(anna));
  await site.reload();
  await page.locator("summary").click();
  await page.locator("#earlier-list .name", { hasText: "note.txt" }).waitFor();
  await assertNoViolations(page);
  await site.button("Sign out").click();
  await page.getByLabel("Token").waitFor();
  assertEquals(await controls(page), ["token", "Sign in"]);
  await site.reload();
  await page.getByLabel("Token").waitFor();
  assertEquals(await controls(page), ["token", "Sign in"]);
});

browserTest(
  "a sign-in link signs in, and its token leaves the address and the history of the tab, and is in no request",
  async () => {
    await using site = await openServedPage({ tokens: [{ name: "anna" }] });
    const { page, pawl: { url }, secrets: { anna = "" } } = site;
    const told: string[] = [];
    page.on("request", async (request) => told.push(request.url(), (await request.allHeaders())["referer"] ?? ""));
    // In the tab that shows the page already, and in a new one.
    await page.goto(`${url}/#token=${WRONG}`);
    await page.getByRole("alert").filter({ hasText: "This token is not known here" }).waitFor();
    assertEquals(page.url(), `${url}/`);
    // In another tab somebody signs in, and comes back to this one.
    await page.evaluate(async (token) => {
      await fetch("/api/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
      document.dispatchEvent(new Event("visibilitychange"));
    }, anna);
    await site.button("Sign out").click();
    await page.getByLabel("Token").waitFor();
    await page.goto("about:blank");
    await page.goto(`${url}/?from=mail#token=${anna}`);
    await site.button("Sign out").waitFor();
    assertEquals(page.url(), `${url}/?from=mail`);
    await page.goBack();
    await page.goForward();
    await site.button("Sign out").waitFor();
    assertEquals(page.url(), `${url}/?from=mail`);
    const everything = await everythingIn(page);
    assert(![everything, ...told].some((text) => text.includes(anna) || text.includes(WRONG)));
    // A link that is worth nothing takes nothing away.
    await page.goto(`${url}/#token=${WRONG}`);
    await page.locator("#alert", { hasText: "This token is not known here" }).waitFor();
    assert(await site.button("Sign out").isVisible());
  },
);

browserTest(
  "uploads that are signed out midway ask once, and all go on from the safe byte after the sign-in",
  async () => {
    await using site = await openServedPage({ tokens: [{ name: "anna" }] });
    const { page, data, secrets: { anna = "" } } = site;
    await page.getByLabel("Token").fill(anna);
    await page.keyboard.press("Enter");
    await site.button("Choose files").waitFor();
    const starts: string[] = [];
    page.on("request", (request) => {
      const { "x-start-byte": start, "x-file-name": name } = request.headers();
      if (request.url().endsWith("/upload") && start === "0") starts.push(name ?? "");
    });
    const names = ["one.mkv", "two.mkv", "three.mkv"];
    const files = await Promise.all(names.map((name) => site.write(name, 3 * MB)));
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose(files);
    await site.pauseAllAt(0.01, 3);
    await withTokens(data, (store) => store.remove("anna"));
    const again = await addTestToken(data, { name: "anna 2", owner: "anna" });
    await until(async () => await page.evaluate(async () => (await fetch("/status")).status) === 401, "she is out");
    await site.button("Resume all").click();
    await site.choose(await site.write("last.txt", 10));
    for (const name of names) await site.says(name, "Waiting until you have signed in");
    await page.locator("#sign-in-hint", { hasText: "Sign in again, and the uploads go on by themselves" }).waitFor();
    await page.locator("#total-state", { hasText: "Waiting until you have signed in" }).waitFor();
    await page.locator("#status", { hasText: "You have been signed out" }).waitFor();
    assertEquals(await site.offered("one.mkv"), ["Pause", "Cancel"]);
    await assertNoViolations(page);
    await site.unthrottle();
    await page.getByLabel("Token").fill(again);
    await page.keyboard.press("Enter");
    await site.allDone(4);
    assertEquals(await page.locator("#sign-in").isVisible(), false);
    for (const [index, name] of names.entries()) assert(await site.isWhole(name, files[index]!), name);
    const begun = starts.filter((name) => names.includes(name)).toSorted();
    assertEquals(begun, names.toSorted(), "each file was begun once");
  },
);

browserTest(
  "the page offers each visitor what the visitor may do, and lists earlier files when somebody asks",
  async () => {
    const tokens = [
      { name: "anna" },
      { name: "scanner", owner: "anna", rights: ["upload"] as const },
      { name: "reader", owner: "anna", rights: ["read"] as const },
    ];
    await using site = await openServedPage({ tokens, before: withoutPicker });
    const { page, pawl: { url }, secrets } = site;
    await using _ = await page.addInitScript(withQuickDeletions);
    const lists: string[] = [];
    page.on("request", (request) => request.url().includes("/api/uploads") && lists.push(request.url()));
    const visit = async (name: string) => {
      await page.goto("about:blank");
      await page.goto(`${url}/#token=${secrets[name]}`);
      await page.locator("#visitor", { hasText: name }).waitFor();
    };
    await visit("scanner");
    const names = Array.from({ length: 25 }, (_, index) => `${index + 1}.txt`);
    await site.choose(await Promise.all(names.map((name) => site.write(`scans/${name}`, 10))));
    await site.allDone(25);
    assertEquals(await site.offered("1.txt"), ["Delete", "Hide"]);
    assertEquals(await page.locator("#earlier").isVisible(), false);

    await visit("reader");
    assertEquals(await controls(page), ["Finished earlier", "Sign out"]);
    await page.getByText("With your sign-in you can get files from here, and send none.").waitFor();
    await site.drop([await site.write("dropped.txt", 10)]);
    assertEquals(lists, []);
    await page.locator("summary").click();
    const rows = page.locator("#earlier-list > li");
    await rows.nth(19).waitFor();
    assertEquals(await rows.count(), 20);
    await site.button("Show more").click();
    await rows.nth(24).waitFor();
    assertEquals([await rows.count(), lists.length, await site.button("Show more").isVisible()], [25, 2, false]);
    assertEquals(await rows.first().locator("[data-action]:visible").allTextContents(), ["Download", "Copy link"]);
    const shown = await rows.locator(".name").allTextContents();
    assertEquals(shown.toSorted(), names.toSorted());
    const link = await rows.first().locator("a").getAttribute("href");
    assertMatch(link ?? "", /^\/files\/[\w-]+$/);
    assertEquals(await page.evaluate(async (link) => (await fetch(link!)).status, link), 200);
    assertEquals(await site.finished(), names.toSorted(), "the dropped file was not taken");

    await visit("anna");
    await page.locator("summary").click();
    const newest = await rows.first().locator(".name").textContent();
    await site.button(`Delete ${newest} from the server`).click();
    await page.locator("#notice", { hasText: `“${newest}” was deleted from the server` }).waitFor();
    assertEquals([await site.button(`Delete ${newest} from the server`).count(), (await site.finished()).length], [
      0,
      24,
    ]);
    assertEquals(site.complaints, []);
  },
);

browserTest(
  "files over the server's size or the visitor's quota are refused before a byte of them is sent",
  async () => {
    const args = ["--max-size", "5MB", "--quota", "6MB"];
    await using site = await openServedPage({ args, tokens: [{ name: "anna" }], before: withoutPicker });
    const { page, pawl: { url }, secrets } = site;
    await using _ = await page.addInitScript(withQuickDeletions);
    await page.goto(`${url}/#token=${secrets["anna"]}`);
    await site.button("Sign out").waitFor();
    let asked = 0;
    const sent = new Set<string>();
    page.on("request", (request) => {
      if (request.url().endsWith("/api/limits")) asked++;
      if (request.url().endsWith("/upload")) sent.add(request.headers()["x-file-name"] ?? "");
    });
    const limits = page.waitForResponse("**/api/limits");
    const chooser = page.waitForEvent("filechooser");
    await site.button("Choose files").click();
    await (await limits).finished();
    const sizes = { "large.mkv": 5.5 * MB, "first.mkv": 4 * MB, "second.mkv": 3 * MB };
    await (await chooser).setFiles(await Promise.all(Object.entries(sizes).map((file) => site.write(...file))));
    await site.reached("first.mkv", "done");
    await site.says("large.mkv", /^The file is too large: the limit is 5\.0 MB\./);
    await site.says("second.mkv", /^There is not enough room left for you on the server\./);
    assertEquals(await site.offered("second.mkv"), ["Try again", "Hide"]);
    assertEquals([asked, [...sent]], [1, ["first.mkv"]]);
    await site.button("Delete first.mkv from the server").click();
    await site.row("first.mkv").waitFor({ state: "detached" });
    await site.button("Try again: second.mkv").click();
    await site.reached("second.mkv", "done");
    assertEquals(await site.finished(), ["second.mkv"]);
  },
);
