// The functions that run in a page are typed as there.
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, openPage } from "../../support/browser.ts";
import { openElsewhere } from "../../support/harmful_page.ts";
import { type PawlProcess, startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { bearer } from "../../support/tokens.ts";
import { MATRIX } from "../../server/access/matrix.ts";

const TOKEN = "the-token-of-the-person-who-visits";
const TUS = { "Tus-Resumable": "1.0.0" };

/** What a server has, by the words that stand for it in the matrix. */
type Words = Readonly<Record<string, string>>;

/** The paths at which something can be changed, each once: all of the matrix whose words stand for something. */
function targetsOf(words: Words): string[] {
  const changes = MATRIX.filter(({ verb }) => !["GET", "HEAD", "OPTIONS"].includes(verb));
  const paths = changes.map(({ path }) => {
    const [word] = /[A-Z]{5,}/.exec(path) ?? [];
    return word === undefined ? path : words[word] && path.replace(word, words[word]);
  });
  return [...new Set(paths)].filter((path) => path !== undefined);
}

/**
 * Sends everything that a page can make a browser send to these paths. Gives the statuses of the answers to what would
 * change something, each once.
 */
async function attack(page: Page, url: string, paths: readonly string[]): Promise<number[]> {
  const statuses = new Set<number>();
  page.on("response", (answer) => {
    const isChange = !["GET", "HEAD", "OPTIONS"].includes(answer.request().method());
    if (isChange && answer.url().startsWith(url)) statuses.add(answer.status());
  });
  await page.evaluate(async (targets) => {
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
  }, paths.map((path) => url + path));
  // The page itself goes to the server, by a form.
  for (const path of ["/upload", "/api/session"]) {
    const address = page.url();
    await Promise.all([
      page.waitForURL(`${url}${path}`),
      page.evaluate((target) => {
        const form = document.createElement("form");
        Object.assign(form, { action: target, method: "POST", enctype: "text/plain" });
        document.body.append(form);
        form.submit();
      }, url + path),
    ]);
    await page.goto(address);
  }
  return [...statuses].sort();
}

/** What the server has, and whether the page is still signed in. */
async function stateOf(pawl: PawlProcess, own: Page, headers: Record<string, string>): Promise<string[]> {
  const list = await fetch(`${pawl.url}/api/uploads`, { headers });
  const links = await fetch(`${pawl.url}/api/links`, { headers });
  const session = await own.evaluate(() => fetch("/api/session").then((answer) => answer.text()));
  return [
    // It goes with the server's clocks, to a millisecond.
    (await list.text()).replaceAll(/"expiresAt":"[^"]*",?/g, ""),
    session,
    // Who knows a download link may use it, and is counted.
    (await links.text()).replaceAll(/"downloads":\d+/g, ""),
  ];
}

/** Puts one of each kind of thing that can be changed into the server. */
async function fill(pawl: PawlProcess, headers: Record<string, string>): Promise<Words> {
  const begin = async (more: Record<string, string>, body = "") => {
    const all = { ...TUS, ...headers, "Content-Type": "application/offset+octet-stream", ...more };
    const { headers: told } = await fetch(`${pawl.url}/files/`, { method: "POST", headers: all, body });
    return told.get("location")?.slice("/files/".length) ?? "";
  };
  const link = async (wish: object) => {
    const json = { ...headers, "Content-Type": "application/json" };
    const made = await fetch(`${pawl.url}/api/links`, { method: "POST", headers: json, body: JSON.stringify(wish) });
    return await made.json();
  };
  const file = await begin({ "Upload-Length": "3" }, "abc");
  return {
    FINISHED: file,
    UNFINISHED: await begin({ "Upload-Length": "10" }),
    LINKID: (await link({ kind: "upload" })).id,
    DOWNLOADLINK: (await link({ kind: "download", file })).url?.slice("/d/".length),
  };
}

browserTest("no page of another site, or of another port, changes anything by a visitor's cookie", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path, { env: { PAWL_TOKEN: TOKEN } });
  await using own = await openPage(pawl.url);
  const words = await fill(pawl, bearer(TOKEN));
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
    assertEquals([host, await attack(evil.page, pawl.url, targetsOf(words))], [host, [403, 405]]);
    assertEquals([host, await stateOf(pawl, own.page, bearer(TOKEN))], [host, before]);
    // A download is what becomes of a link; the page stays where it is.
    await evil.page.evaluate((url) => void (location.href = url), `${pawl.url}/api/uploads/${words["FINISHED"]}`)
      .catch(() => {});
  }
  assertEquals(await stateOf(pawl, own.page, bearer(TOKEN)), before);

  // What the server's own page asks for is done by the same cookie: the test could have failed.
  const remove = (path: string) =>
    own.page.evaluate((path) => fetch(path, { method: "DELETE" }).then(({ status }) => status), path);
  const { FINISHED, UNFINISHED, LINKID } = words;
  const paths = [`/api/uploads/${FINISHED}`, `/api/uploads/${UNFINISHED}`, `/api/links/${LINKID}`, "/api/session"];
  for (const path of paths) assertEquals([path, await remove(path)], [path, 204]);
  const [uploads = "", session = "", links = ""] = await stateOf(pawl, own.page, bearer(TOKEN));
  assertEquals([JSON.parse(uploads).uploads, JSON.parse(session).kind, links.includes(LINKID!)], [[], "nobody", false]);
});

browserTest("no page of another site changes anything on a server that lets anybody in", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  const words = await fill(pawl, {});
  const before = await everythingIn(pawl, words);
  await using elsewhere = openElsewhere();
  for (const host of ["localhost", "127.0.0.1"]) {
    await using evil = await openPage(`http://${host}:${elsewhere.addr.port}/`);
    assertEquals([host, await attack(evil.page, pawl.url, targetsOf(words))], [host, [403, 405]]);
  }
  assertEquals(await everythingIn(pawl, words), before);
  assertEquals((await Array.fromAsync(Deno.readDir(`${dir.path}/files`))).length, 1);
});

/** What there is on a server that lets anybody in. */
async function everythingIn({ url }: PawlProcess, { FINISHED, UNFINISHED }: Words): Promise<unknown> {
  const head = await fetch(`${url}/files/${UNFINISHED}`, { method: "HEAD", headers: TUS });
  const file = await fetch(`${url}/files/${FINISHED}`);
  const status = await fetch(`${url}/status`, { headers: { "X-File-Id": "evil" } });
  return [head.status, head.headers.get("upload-offset"), await file.text(), await status.text()];
}
