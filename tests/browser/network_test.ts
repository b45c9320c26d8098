import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { sha256 } from "../support/bytes.ts";
import { HEAD_BYTES, NAME, openBehindLine, SIZE, waitTheLongest } from "../support/line.ts";
import { momentsOf, noteMoments, watchPieces } from "../support/sent_pieces.ts";
import { until } from "../support/until.ts";

const MIB = 2 ** 20;
const SLOW = 1.5 * MIB;

/** The digest that the page tells of a piece: that of its parts if it is large. */
function digestOf(bytes: Uint8Array): string {
  if (bytes.length <= MIB) return `sha-256=:${sha256(bytes)}:`;
  const part = 2 ** 19;
  const hashes = Array.from(
    { length: Math.ceil(bytes.length / part) },
    (_, i) => Uint8Array.fromBase64(sha256(bytes.subarray(i * part, (i + 1) * part))),
  );
  return `sha-256-512k=:${sha256(Uint8Array.from(hashes.flatMap((hash) => [...hash])))}:`;
}

browserTest("a connection that stands still is ended after 30 seconds, and the upload goes on", async () => {
  const next = { kind: "stall", direction: "up", after: 1.5 * MIB } as const;
  await using site = await openBehindLine({ next, before: waitTheLongest, hasClock: true });
  const { page, source, line } = site;
  site.connectAnew();
  const pieces = watchPieces(page);
  await site.choose(source);
  await until(() => line.faults > 0, "the connection stands still");
  await site.stopClock();
  await page.waitForTimeout(300);
  await page.clock.fastForward(28_700);
  await page.clock.runFor(300);
  assertEquals(await site.row(NAME).getAttribute("data-state"), "sending");
  const stood = pieces.length;
  await page.clock.fastForward(1500);
  await page.clock.resume();
  await site.row(NAME).getByText("The upload has stalled").waitFor();
  await site.reached(NAME, "done");
  assert(pieces[stood]!.start >= MIB, `It went on from ${pieces[stood]!.start}`);
  assert(await site.isWhole(NAME, source));
});

browserTest("a connection that breaks again and again costs nothing that had arrived", async () => {
  const after = 3 * MIB / 8;
  await using site = await openBehindLine({ every: { kind: "cut", direction: "up", after } });
  const { page, source, line } = site;
  site.connectAnew();
  const pieces = watchPieces(page);
  await site.choose(source);
  await site.reached(NAME, "done");
  assert(await site.isWhole(NAME, source));
  assert(line.faults >= 7, `It broke ${line.faults} times`);
  // Not by the bytes on the line: when a connection breaks that has been used before, Chromium sends the request again
  // by itself, and the server takes nothing of it.
  const starts = pieces.map(({ start }) => start);
  // The first connection has brought a small piece and a part of the next one.
  const begins = [0, ...starts.slice(2)];
  const gains = begins.slice(1).map((start, i) => start - begins[i]!);
  assert(gains.every((gain) => gain > after - HEAD_BYTES), `The pieces brought ${gains} bytes`);
  assertEquals(await page.locator("#buffered").isVisible(), false);
});

browserTest("a byte that is changed on the way is refused, and its piece is sent again", async () => {
  await using site = await openBehindLine({ next: { kind: "damage", direction: "up", after: 1.5 * MIB } });
  const { page, source, line } = site;
  site.connectAnew();
  const pieces = watchPieces(page);
  await site.choose(source);
  await site.reached(NAME, "done");
  assertEquals(line.faults, 1);
  const refused = pieces.findIndex(({ status }) => status === 400);
  assert(refused >= 0, "Nothing was refused");
  assertEquals(pieces[refused + 1]?.start, pieces[refused]!.start);
  assertEquals(pieces.filter(({ status }) => status !== 200).length, 1);
  assert(await site.isWhole(NAME, source));
});

browserTest(
  "each piece has the digest of its bytes, computed while one of its size is under way before it",
  async () => {
    await using site = await openBehindLine({ before: noteMoments });
    const { page, source } = site;
    await site.throttle(SLOW);
    const pieces = watchPieces(page);
    await site.choose(source);
    await site.reached(NAME, "done");
    const bytes = await Deno.readFile(source);
    assert(pieces.length >= 3, `Only ${pieces.length} pieces`);
    for (const [i, { start, digest }] of pieces.entries()) {
      assertEquals(digest, digestOf(bytes.subarray(start, pieces[i + 1]?.start ?? SIZE)));
    }
    const { digests, answers } = await momentsOf(page);
    // A line that is slower than the first pieces may need a smaller second one, which is cut anew.
    for (let i = 2; i < pieces.length; i++) {
      const late = digests[pieces[i]!.digest!.split(":")[1]!]! - answers[i - 1]!;
      assert(late < 0, `The digest of piece ${i} was there ${late} ms after the answer to the one before`);
    }
  },
);
