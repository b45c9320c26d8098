// The functions that run in a page are typed as there.
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, openPage } from "../support/browser.ts";
import { openElsewhere } from "../support/harmful_page.ts";
import { type PawlProcess, startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { bearer } from "../support/tokens.ts";

const TOKEN = "the-token-of-the-person-who-visits";
const TUS = { "Tus-Resumable": "1.0.0" };

/**
 * Sends everything that a page can make a browser send. Gives the statuses of the answers to what would change
 * something, each once.
 */
async function attack(page: Page, url: string, id: string): Promise<number[]> {
  const statuses = new Set<number>();
  page.on("response", (answer) => {
    const isChange = !["GET", "HEAD", "OPTIONS"].includes(answer.request().method());
    if (isChange && answer.url().startsWith(url)) statuses.add(answer.status());
  });
  await page.evaluate(async ({ url, id }) => {
    const targets = ["/upload", "/files/", `/files/${id}`, `/api/uploads/${id}`, "/api/session"].map((path) =>
      url + path
    );
    const heard = (target: EventTarget) =>
      new Promise<void>((resolve) =>
        ["load", "error"].forEach((name) => target.addEventListener(name, () => resolve()))
      );
    for (const target of targets) {
      for (const enctype of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"]) {
        const frame = document.createElement("iframe");
        frame.name = "target";
        document.body.append(frame);
        const form = document.createElement("form");
        Object.assign(form, { action: target, method: "POST", enctype, target: "target" });
        const input = document.createElement("input");
        Object.assign(input, { name: '{"token":"x', value: '"}' });
        form.append(input);
        document.body.append(form);
        const done = heard(frame);
        form.submit();
        await done;
        frame.remove();
      }
      const image = new Image();
      const seen = heard(image);
      image.src = target;
      await seen;
      navigator.sendBeacon(target, "abc");
      const init = { mode: "no-cors", credentials: "include" } as const;
      await fetch(target, { ...init, method: "POST", body: "abc" }).catch(() => {});
      await fetch(target, init).catch(() => {});
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
        const headers = { "X-File-Id": "evil", "Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "DELETE" };
        for (const sent of [{}, headers]) {
          await fetch(target, { method, credentials: "include", headers: sent, body: "abc" }).catch(() => {});
        }
      }
    }
  }, { url, id });
  return [...statuses].sort();
}

/** What the server has, and whether the page is still signed in. */
async function stateOf(pawl: PawlProcess, own: Page, headers: Record<string, string>): Promise<string[]> {
  const list = await fetch(`${pawl.url}/api/uploads`, { headers });
  const session = await own.evaluate(() => fetch("/api/session").then((answer) => answer.text()));
  // It goes with the server's clocks, to a millisecond.
  return [(await list.text()).replaceAll(/"expiresAt":"[^"]*",?/g, ""), session];
}

browserTest("no page of another site, or of another port, changes anything by a visitor's cookie", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path, { env: { PAWL_TOKEN: TOKEN } });
  await using own = await openPage(pawl.url);
  const begun = await fetch(`${pawl.url}/files/`, {
    method: "POST",
    headers: { ...TUS, ...bearer(TOKEN), "Upload-Length": "10" },
  });
  const id = begun.headers.get("location")?.slice("/files/".length) ?? "";
  const signIn = async (token: string) =>
    await own.page.evaluate(
      (token) =>
        fetch("/api/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } })
          .then(({ status }) => status),
      token,
    );
  assertEquals(await signIn(TOKEN), 200);
  const before = await stateOf(pawl, own.page, bearer(TOKEN));
  assertEquals(JSON.parse(before[1]!).name, "admin");

  await using elsewhere = openElsewhere();
  // Of `localhost`, another port is the same site, and `SameSite=Strict` sends the cookie. 127.0.0.1 is another site.
  for (const host of ["localhost", "127.0.0.1"]) {
    await using evil = await openPage(`http://${host}:${elsewhere.addr.port}/`, { beside: own.page });
    // There is no POST at an upload's own address.
    assertEquals([host, await attack(evil.page, pawl.url, id)], [host, [403, 405]]);
    assertEquals([host, await stateOf(pawl, own.page, bearer(TOKEN))], [host, before]);
    // A download is what becomes of a link; the page stays where it is.
    await evil.page.evaluate((url) => void (location.href = url), `${pawl.url}/api/uploads/${id}`).catch(() => {});
  }
  assertEquals(await stateOf(pawl, own.page, bearer(TOKEN)), before);

  // What the server's own page asks for is done by the same cookie: the test could have failed.
  const done = await own.page.evaluate(
    (path) => fetch(path, { method: "DELETE" }).then(({ status }) => status),
    `/api/uploads/${id}`,
  );
  assertEquals([done, JSON.parse((await stateOf(pawl, own.page, bearer(TOKEN)))[0]!).uploads], [204, []]);
  await own.page.evaluate(() => fetch("/api/session", { method: "DELETE" }));
  const [, after = ""] = await stateOf(pawl, own.page, bearer(TOKEN));
  assertEquals(JSON.parse(after).kind, "nobody");
});

browserTest("no page of another site changes anything on a server that lets anybody in", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  const begun = await fetch(`${pawl.url}/files/`, { method: "POST", headers: { ...TUS, "Upload-Length": "10" } });
  const path = begun.headers.get("location") ?? "";
  await using elsewhere = openElsewhere();
  for (const host of ["localhost", "127.0.0.1"]) {
    await using evil = await openPage(`http://${host}:${elsewhere.addr.port}/`);
    assertEquals([host, await attack(evil.page, pawl.url, path.slice("/files/".length))], [host, [403, 405]]);
  }
  const answer = await fetch(pawl.url + path, { method: "HEAD", headers: TUS });
  assertEquals([answer.status, answer.headers.get("upload-offset")], [200, "0"]);
  assertEquals(await fetch(`${pawl.url}/status`, { headers: { "X-File-Id": "evil" } }).then((one) => one.text()), "0");
  assertEquals((await Array.fromAsync(Deno.readDir(`${dir.path}/files`))).length, 0);
});
