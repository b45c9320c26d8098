import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import type { NetworkPath } from "../../../client/mod.ts";
import { browserTest, openPage } from "../../support/browser.ts";
import { sha256 } from "../../support/bytes.ts";
import { openElsewhere } from "../../support/harmful_page.ts";
import { addTestLink } from "../../support/links.ts";
import { findNginx, startNginx } from "../../support/nginx.ts";
import { startNginxBefore } from "../../support/nginx_proxy.ts";
import { storedIn } from "../../support/page_database.ts";
import { startServer } from "../../support/pawl.ts";
import { type SentPiece, watchPieces } from "../../support/sent_pieces.ts";
import { type Fault, startProxy } from "../../support/tcp_proxy.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { startSite } from "../../support/test_site.ts";
import { addTestToken, bearer } from "../../support/tokens.ts";
import { uploadListOf } from "../../support/upload_list.ts";
import { openUploadPage } from "../../support/upload_page.ts";

const MIB = 2 ** 20;
const SIZE = 10 * MIB;
const BREAK: Fault = { kind: "cut", direction: "up", after: 3 * MIB };

const DAY = 86_400_000;
const PASSWORD = "open sesame";
const WRONG = `pawl_${"w".repeat(43)}`;

/** What is said to lead elsewhere, in the query and in the fragment of a sign-in link. */
const ELSEWHERE = [
  "//evil.example",
  "javascript:alert(1)",
  "https://evil.example",
  "\\\\evil.example",
  "/\\evil.example",
];
const NAMES = ["next", "redirect", "redirect_uri", "return_to", "url"];

const hasNginx = await findNginx() !== undefined;

nginxTest("behind an nginx as it comes, uploads find the size that it lets through, and keep it in mind", async () => {
  await using site = await startSite();
  await using nginx = await startNginxBefore(site.pawl.port);
  await using tab = await openUploadPage(nginx.url);
  const { page } = tab;
  const first = await site.write("first.mkv", SIZE);
  const second = await site.write("second.mkv", 3 * MIB);
  const pieces = watchPieces(page);
  await tab.choose(first);
  await tab.reached("first.mkv", "done");
  assert(await site.isWhole("first.mkv", first));
  assertEquals((await nginx.posts()).filter((status) => status !== 200), [413, 413, 413]);

  const link = tab.row("first.mkv").getByRole("link", { name: "Download first.mkv" });
  const answer = await fetch(new URL(await link.getAttribute("href") ?? "", page.url()));
  assertEquals(sha256(await answer.bytes()), sha256(await Deno.readFile(first)));

  await tab.reload();
  pieces.length = 0;
  await tab.choose(second);
  await tab.reached("second.mkv", "done");
  assertEquals([...new Set(pieces.map(({ status }) => status))], [200]);
  // The first one is small.
  assertEquals(pieces.length, 4);
  assert(await site.isWhole("second.mkv", second));
});

nginxTest("where nginx holds requests back, the page finds it out, says so, and sends small ones", async () => {
  await using site = await startSite();
  await using nginx = await startNginxBefore(site.pawl.port, "client_max_body_size 0;");
  let pieces: SentPiece[] = [];
  const plan = () => broken(pieces).length < 2 ? BREAK : undefined;
  await using line = await startProxy({ to: nginx.port, plan });
  await using tab = await openUploadPage(`http://127.0.0.1:${line.port}`);
  const { page } = tab;
  const source = await site.write("film.mkv", SIZE);
  await tab.throttle(10 * MIB);
  line.cutAll();
  pieces = watchPieces(page);
  await tab.choose(source);
  const told = page.locator("#buffered").getByText("A proxy on the way to the server holds the data back");
  await told.waitFor();
  await tab.reached("film.mkv", "done");
  assert(await site.isWhole("film.mkv", source));
  assertEquals(broken(pieces).length, 2);
  // A break loses its own request, and nothing before it.
  const starts = pieces.map(({ start }) => start);
  assertEquals(
    broken(pieces).map((piece) => starts[pieces.indexOf(piece) + 1]),
    broken(pieces).map(({ start }) => start),
  );
  assertEquals((await networkPathOf(page)).buffers, true);
  const last = pieces.findLastIndex(({ status }) => status === undefined);
  for (let i = last + 1; i < pieces.length; i++) {
    const bytes = (starts[i + 1] ?? SIZE) - starts[i]!;
    assert(bytes <= 4 * MIB, `A piece has ${bytes} bytes`);
  }
});

nginxTest("where nginx passes requests on as they come, a break loses nothing that has arrived", async () => {
  await using site = await startSite();
  const settings = "client_max_body_size 0; proxy_request_buffering off; proxy_http_version 1.1;";
  await using nginx = await startNginxBefore(site.pawl.port, settings);
  let isArmed = false;
  await using line = await startProxy({ to: nginx.port, plan: () => isArmed ? BREAK : undefined });
  await using tab = await openUploadPage(`http://127.0.0.1:${line.port}`);
  const { page } = tab;
  const source = await site.write("film.mkv", SIZE);
  line.cutAll();
  isArmed = true;
  const pieces = watchPieces(page);
  await tab.choose(source);
  await tab.reached("film.mkv", "done");
  assert(await site.isWhole("film.mkv", source));
  assert(broken(pieces).length > 0, `It broke ${broken(pieces).length} times`);
  const starts = pieces.map(({ start }) => start);
  assertEquals(starts, [...new Set(starts)].sort((a, b) => a - b), "Each piece begins further on");
  assert((await networkPathOf(page)).buffers !== true);
  assertEquals(await page.locator("#buffered").isVisible(), false);
});

nginxTest("behind a proxy no token is in a log or a Referer, and no sign-in leads to another site", async () => {
  await using dir = await tempDir();
  const anna = await addTestToken(dir.path, { name: "anna" });
  const path = await addTestLink(dir.path, { kind: "upload", folders: [], expiresInMs: DAY }, "anna");
  await using pawl = await startServer({ data: dir.path, trustedProxies: ["127.0.0.1/32"], logLevel: "debug" });
  await using logs = await tempDir();
  const log = join(logs.path, "access.log");
  await using nginx = await startNginx(logs.path, {
    http: `access_log ${log} combined; error_log ${join(logs.path, "error.log")} info;`,
    server: `location / { proxy_pass http://127.0.0.1:${pawl.port}; proxy_set_header Host $http_host; }`,
  });
  // Programs send the token as they may, and wrong ones, and one in an address by mistake.
  const basic = { Authorization: `Basic ${btoa(`me:${anna}`)}` };
  for (const [to, headers] of [["/status", bearer(anna)], ["/status", basic], ["/status", bearer(WRONG)]] as const) {
    await (await fetch(nginx.url + to, { headers: { ...headers, "X-File-Id": "a" } })).body?.cancel();
  }

  await using tab = await openPage("about:blank");
  const { page } = tab;
  const visited: string[] = [];
  page.on("framenavigated", (frame) => visited.push(frame.url()));
  const signedIn = page.getByRole("button", { name: "Sign out" });
  for (const target of ELSEWHERE) {
    const more = NAMES.map((name) => `${name}=${encodeURIComponent(target)}`).join("&");
    await page.goto(`${nginx.url}/?${more}#${more}&token=${anna}&${more}`);
    await signedIn.waitFor();
    assertEquals(page.url(), `${nginx.url}/?${more}`);
    await signedIn.click();
    await page.getByLabel("Token").waitFor();
    await page.getByLabel("Token").fill(target === ELSEWHERE[0] ? WRONG : anna);
    await page.keyboard.press("Enter");
    if (target === ELSEWHERE[0]) await page.getByRole("alert").filter({ hasText: "not known here" }).waitFor();
    else await signedIn.waitFor();
    assertEquals(page.url(), `${nginx.url}/?${more}`);
  }
  const write = async (name: string) => {
    const file = join(logs.path, name);
    await Deno.writeTextFile(file, name);
    return file;
  };
  await page.setInputFiles("#files", await write("note.txt"));
  await uploadListOf(page).reached("note.txt", "done");
  const href = await page.getByRole("link", { name: "Download note.txt" }).getAttribute("href") ?? "";
  await page.evaluate((href) => fetch(href), href);

  // The page of a download link, with its form for the password.
  const file = { file: href.slice("/files/".length) };
  const wanted = { kind: "download", target: file, password: PASSWORD, expiresInMs: DAY } as const;
  await page.goto(nginx.url + await addTestLink(dir.path, wanted, "anna"));
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText("anna sends you this").waitFor();

  // The page of an upload link, which has a secret in its address, and a way from it to another site.
  await page.goto(nginx.url + path);
  await page.locator("html[data-ready]").waitFor();
  await page.setInputFiles("#files", await write("by link.txt"));
  await uploadListOf(page).reached("by link.txt", "done");
  await using elsewhere = openElsewhere();
  const other = page.waitForRequest(/\/elsewhere$/);
  await page.evaluate((url) => void (location.href = url), `http://127.0.0.1:${elsewhere.addr.port}/elsewhere`);
  assertEquals((await (await other).allHeaders())["referer"], undefined);

  assert(visited.every((url) => /^(about:blank|http:\/\/127\.0\.0\.1:\d+\/)/.test(url)), visited.join(" "));
  const lines = (await Deno.readTextFile(log)).trim().split("\n");
  // The method, the path, and the Referer of each request.
  const told = lines.map((line) => /"(\S+) (\S+) [^"]*" \d+ \d+ "([^"]*)"/.exec(line)?.slice(1) ?? [line]);
  assert(told.some(([, to]) => to === path) && told.some(([, to]) => to === "/api/session"), lines.join("\n"));
  // The form needs an Origin, so its page tells the origin.
  assertEquals([...new Set(told.map(([, , referrer]) => referrer))].sort(), ["-", `${nginx.url}/`]);
  const everything = [...lines, await Deno.readTextFile(join(logs.path, "error.log")), ...pawl.log.lines].join("\n");
  for (const secret of [anna, WRONG].map((token) => token.slice("pawl_".length)).concat(PASSWORD)) {
    assertEquals([secret, everything.includes(secret)], [secret, false]);
  }
});

/** A test that needs a browser and Debian's nginx; its name says so where there is none. */
function nginxTest(name: string, run: () => Promise<void>): void {
  if (hasNginx || Deno.env.get("PAWL_REQUIRE_BROWSER") === "1") return browserTest(name, run);
  Deno.test({ name: `${name} (needs nginx, and there is none)`, ignore: true, fn: run });
}

function broken(pieces: readonly SentPiece[]): SentPiece[] {
  return pieces.filter(({ status, endedAt }) => status === undefined && endedAt !== undefined);
}

/** What the browser remembers of the network path to the server. */
async function networkPathOf(page: Page): Promise<NetworkPath> {
  const ways = await storedIn(page, "ways");
  const known = ways.find(({ key }) => key === new URL(page.url()).origin)?.value;
  return (known as { way: NetworkPath } | undefined)?.way ?? {};
}
