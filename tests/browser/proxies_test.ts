import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { NetworkPath } from "../../client/mod.ts";
import { browserTest } from "../support/browser.ts";
import { sha256 } from "../support/bytes.ts";
import { findNginx } from "../support/nginx.ts";
import { startNginxBefore } from "../support/nginx_proxy.ts";
import { storedIn } from "../support/page_database.ts";
import { type SentPiece, watchPieces } from "../support/sent_pieces.ts";
import { type Fault, startProxy } from "../support/tcp_proxy.ts";
import { startSite } from "../support/test_site.ts";
import { openUploadPage } from "../support/upload_page.ts";

const MIB = 2 ** 20;
const SIZE = 10 * MIB;
const BREAK: Fault = { kind: "cut", direction: "up", after: 3 * MIB };

const hasNginx = await findNginx() !== undefined;

nginxTest("behind an nginx as it comes, uploads find the size that it lets through, and keep it in mind", async () => {
  await using site = await startSite();
  await using nginx = await startNginxBefore(site.pawl.port);
  await using tab = await openUploadPage(nginx.url);
  const { page } = tab;
  const first = await site.write("first.mkv", SIZE);
  const second = await site.write("second.mkv", SIZE);
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
  assertEquals(pieces.length, SIZE / MIB + 1);
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
  await tab.moving(() => told.waitFor());
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
  assert(broken(pieces).length >= 2, `It broke ${broken(pieces).length} times`);
  const starts = pieces.map(({ start }) => start);
  assertEquals(starts, [...new Set(starts)].sort((a, b) => a - b), "Each piece begins further on");
  assert((await networkPathOf(page)).buffers !== true);
  assertEquals(await page.locator("#buffered").isVisible(), false);
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
