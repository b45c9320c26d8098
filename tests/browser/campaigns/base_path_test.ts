import { assertEquals, assertMatch } from "@std/assert";
import { browserTest } from "../../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../../support/served_page.ts";
import { startStrippingProxy } from "../../support/stripping_proxy.ts";
import { startSite } from "../../support/test_site.ts";
import { openUploadPage } from "../../support/upload_page.ts";

browserTest("below a base path the page signs in, uploads, goes on after a reload, and lists the file", async () => {
  await using site = await openServedPage({ args: ["--base-path", "/a/files-in"], tokens: [{ name: "anna" }] });
  const { page, pawl: { url }, secrets: { anna = "" } } = site;
  const outside: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (!pathname.startsWith("/a/files-in/")) outside.push(pathname);
  });
  // Without the slash too.
  await page.goto(`${url}#token=${anna}`);
  await site.button("Sign out").waitFor();
  assertMatch(page.url(), /\/a\/files-in\/$/);
  const film = await site.write("film.mkv", 3_000_000);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.drop([film]);
  await site.reached("film.mkv", "sending");
  await page.waitForFunction(() => Number(document.querySelector<HTMLProgressElement>("progress")?.value) > 0);
  await site.reload();
  await site.unthrottle();
  await site.drop([film]);
  await site.allDone(1);
  assertEquals(await site.isWhole("film.mkv", film), true);
  const href = await page.locator("#list .link").getAttribute("href");
  assertMatch(href!, /^\/a\/files-in\/files\/[\w-]{22}$/);
  await page.locator("#earlier summary").click();
  await site.button("Sign out").click();
  await page.getByLabel("Token").waitFor();
  assertEquals([await site.finished(), outside.filter((path) => path !== "/a/files-in")], [["film.mkv"], []]);
  assertEquals(site.complaints, []);
});

browserTest(
  "through a proxy that takes a path away the page uploads, and so does the page of an upload link",
  async () => {
    const ports: number[] = [];
    await using proxy = startStrippingProxy("/in", () => ports[0]!);
    await using site = await startSite({ args: ["--public-url", proxy.url], tokens: [{ name: "anna" }] });
    ports.push(site.pawl.port);
    await using page = await openUploadPage(`${proxy.url}/#token=${site.secrets["anna"]}`);
    await page.button("Sign out").waitFor();
    await page.choose(await site.write("a.txt", 10));
    await page.allDone(1);
    const href = await page.page.locator("#list .link").getAttribute("href");
    assertMatch(href!, /^\/in\/files\/[\w-]{22}$/);
    const link = await page.page.evaluate(async () => {
      const body = JSON.stringify({ kind: "upload", folder: "sent" });
      const headers = { "Content-Type": "application/json" };
      return (await (await fetch("/in/api/links", { method: "POST", headers, body })).json()).url;
    });
    assertEquals(link.startsWith(`${proxy.url}/u/`), true, link);
    await using sender = await openUploadPage(link);
    await sender.choose(await site.write("b.txt", 10));
    await sender.allDone(1);
    assertEquals(await site.finished(), ["a.txt", "sent/b.txt"]);
    assertEquals([page.complaints, sender.complaints], [[], []]);
  },
);
