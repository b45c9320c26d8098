import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type SentHeaders } from "../../support/access_site.ts";
import { type DownloadSite, openDownloadSite } from "../../support/link_sites.ts";
import { addTestLink, askForLink } from "../../support/links.ts";

const BROWSER = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

Deno.test("a program gives the password by Basic, and a browser by a form that trades it for a cookie", async () => {
  await using open = await openDownloadSite({ publicUrl: "https://up.example/pawl" });
  const { site, anna, file } = open;
  const asked = await askForLink(site, anna, { kind: "download", file, password: "pässword", note: "For you" });
  const { url, id, hasPassword } = JSON.parse(asked.text);
  assertMatch(url, /^https:\/\/up\.example\/pawl\/d\/pawl_/);
  assertEquals([hasPassword, asked.headers.get("location"), asked.text.includes("pässword")], [
    true,
    `/pawl/api/links/${id}`,
    false,
  ]);
  const path = new URL(url).pathname.slice("/pawl".length);
  const at = { address: "192.0.2.1" };
  const basic = (password: string) => ({
    Authorization: `Basic ${new TextEncoder().encode(`me:${password}`).toBase64()}`,
  });
  const nothing = await site.ask(`GET ${path}`, {}, at);
  assertEquals([nothing.status, nothing.headers.get("www-authenticate")], [
    401,
    'Basic realm="Pawl link", charset="UTF-8"',
  ]);
  assertEquals((await site.ask(`GET ${path}`, basic("password"), at)).status, 401);
  const right = await Promise.all([0, 1, 2].map(() => site.ask(`GET ${path}`, basic("pässword"), at)));
  assertEquals(right.map(({ text }) => text), Array(3).fill("0123456789"));

  const form = await site.ask(`GET ${path}`, BROWSER, at);
  assertEquals([form.status, form.text.includes("For you"), form.text.includes("a.bin")], [200, false, false]);
  assertStringIncludes(form.text, 'type="password"');
  const send = (password: string, headers: SentHeaders = { "Sec-Fetch-Site": "same-origin" }) =>
    site.ask(`POST ${path}`, { "Content-Type": "application/x-www-form-urlencoded", ...headers }, {
      ...at,
      body: new URLSearchParams({ password }).toString(),
    });
  const wrong = await send("nonsense");
  assertEquals([wrong.status, wrong.headers.get("set-cookie")], [401, null]);
  assertStringIncludes(wrong.text, "This password is wrong");
  assertEquals(
    (await send("pässword", { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" })).status,
    403,
  );
  const opened = await send("pässword");
  assertEquals([opened.status, opened.headers.get("location")], [303, path.slice("/d/".length)]);
  const cookie = opened.headers.get("set-cookie") ?? "";
  assertMatch(cookie, /^__Secure-pawl-link=.*; Path=\/pawl\/d\/pawl_.*; HttpOnly; SameSite=Lax; Secure$/);
  const mine = { Cookie: cookie.split(";")[0]! };
  const page = await site.ask(`GET ${path}`, { ...BROWSER, ...mine }, at);
  assertStringIncludes(page.text, "For you");
  assertStringIncludes(page.text, '<a class="button primary" href="?download" download>');
  assertEquals((await site.ask(`GET ${path}?download`, { ...BROWSER, ...mine }, at)).text, "0123456789");
});

/** Makes a link whose password is checked in no time, and gives its path. */
async function makeLinkWith(password: string, { site, file }: DownloadSite): Promise<{ path: string }> {
  const wanted = { kind: "download", target: { file }, password, expiresInMs: 60_000 } as const;
  return { path: await addTestLink(site.data, wanted, "anna") };
}

Deno.test("wrong passwords are counted, also when they come together, and lock out nobody else", async () => {
  await using open = await openDownloadSite();
  const link = await makeLinkWith("right", open);
  const get = (from: number, headers: SentHeaders) =>
    open.site.ask(`GET ${link.path}`, headers, { address: `192.0.2.${from}` });
  const basic = (password: string) => ({ Authorization: `Basic ${btoa(`:${password}`)}` });
  assertEquals((await get(1, basic("right"))).status, 200);
  const guesses = await Promise.all(Array.from({ length: 20 }, (_, n) => get(1, basic(`wrong${n}`))));
  assertEquals(guesses.map(({ status }) => status).sort(), [...Array(10).fill(401), ...Array(10).fill(429)]);
  assertEquals((await get(2, basic("right"))).status, 200);
  // Who has given the right one goes on.
  assertEquals((await get(1, basic("right"))).status, 200);
});

Deno.test("behind a proxy on this machine passwords cannot be guessed faster, and who has given it goes on", async () => {
  await using open = await openDownloadSite();
  const { site } = open;
  const link = await makeLinkWith("right", open);
  const get = (password: string) =>
    site.ask(`GET ${link.path}`, { Authorization: `Basic ${btoa(`:${password}`)}` }, { address: "127.0.0.1" });
  assertEquals((await get("right")).status, 200);
  for (let guess = 0; guess < 10; guess++) assertEquals((await get(`wrong${guess}`)).status, 401);
  const other = await makeLinkWith("other", open);
  const unseen = await site.ask(`GET ${other.path}`, { Authorization: `Basic ${btoa(":other")}` }, {
    address: "127.0.0.1",
  });
  assertEquals([(await get("wrong")).status, unseen.status, (await get("right")).status], [429, 429, 200]);
  site.now += 60_000;
  assertEquals((await site.ask(`GET ${other.path}`, { Authorization: `Basic ${btoa(":other")}` })).status, 200);
});
