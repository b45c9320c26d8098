import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { type SentPiece, watchPieces } from "../support/sent_pieces.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { openUploadPage, type UploadPage } from "../support/upload_page.ts";

const MIB = 2 ** 20;
const SIZE = 5 * MIB;
/** The first request of an upload. */
const FIRST = MIB / 8;
const NAME = "film.mkv";
const ELSEWHERE = "Another tab or window uploads this file. The upload goes on by itself";

browserTest("of two tabs with the same file one uploads, and the other takes over when it is closed", async () => {
  await using first = await openServedPage();
  await using second = await openUploadPage(first.pawl.url, { beside: first.page });
  const { source, pieces } = await uploadInFirst(first, second);
  assertEquals(pieces[1], []);

  await first.page.close();
  await second.unthrottle();
  await second.reached(NAME, "done");
  assert(pieces[1][0]!.start >= FIRST, `It goes on from ${pieces[1][0]!.start}`);
  assert(await first.isWhole(NAME, source));
});

browserTest("of two tabs with the same file the other goes on when one is paused, and both know the end", async () => {
  await using first = await openServedPage();
  await using second = await openUploadPage(first.pawl.url, { beside: first.page });
  const { source, pieces } = await uploadInFirst(first, second);
  await first.button(`Pause ${NAME}`).dispatchEvent("click");
  await second.reached(NAME, "sending");
  await first.button(`Resume ${NAME}`).dispatchEvent("click");
  await saysElsewhere(first);
  await second.unthrottle();
  await second.reached(NAME, "done");
  await first.reached(NAME, "done");

  assert(pieces[1][0]!.start >= FIRST, `It goes on from ${pieces[1][0]!.start}`);
  assertEquals(overlaps(...pieces), []);
  assert(await first.isWhole(NAME, source));
  assertEquals(await first.finished(), [NAME]);
  const links = await Promise.all([first, second].map((tab) => tab.row(NAME).locator("a").getAttribute("href")));
  assertEquals(links[0], links[1]);
});

/** Uploads a file in one tab until a part of it is safe, while it waits in the other. */
async function uploadInFirst(
  first: ServedPage,
  second: UploadPage,
): Promise<{ source: string; pieces: [SentPiece[], SentPiece[]] }> {
  const source = await first.write(NAME, SIZE);
  for (const tab of [first, second]) await tab.throttle(SLOW_BYTES_PER_SECOND);
  const pieces: [SentPiece[], SentPiece[]] = [watchPieces(first.page), watchPieces(second.page)];
  await first.choose(source);
  await first.reached(NAME, "sending");
  await second.choose(source);
  await saysElsewhere(second);
  assertEquals(await second.offered(NAME), ["Pause", "Cancel"]);
  await first.safeAtLeast(NAME, 0.01);
  return { source, pieces };
}

async function saysElsewhere(tab: UploadPage): Promise<void> {
  await tab.row(NAME).getByText(ELSEWHERE).waitFor();
}

/** The pairs of pieces that were under way at the same time. */
function overlaps(some: readonly SentPiece[], others: readonly SentPiece[]): [SentPiece, SentPiece][] {
  return some.flatMap((a) =>
    others.filter((b) => a.beganAt < (b.endedAt ?? Infinity) && b.beganAt < (a.endedAt ?? Infinity))
      .map((b): [SentPiece, SentPiece] => [a, b])
  );
}
