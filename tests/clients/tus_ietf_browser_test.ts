import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { browserTest } from "../support/browser.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { countOf, patchOffsets } from "../support/tus_clients.ts";
import { startTusWorld } from "../support/tus_pages.ts";

const MiB = 2 ** 20;
const SIZE = 4 * MiB + 4321;
/** Slow enough that the middle of a file is really the middle. */
const SLOW = 4 * MiB;

// The names that tus-js-client has for interop versions 5 and 6.
for (const protocol of ["ietf-draft-03", "ietf-draft-05"]) {
  browserTest(
    `tus-js-client in a page, by ${protocol}, uploads a file whole, in chunks, and an empty one`,
    async () => {
      await using world = await startTusWorld();
      const ways: [name: string, size: number, options: Record<string, number>, methods: string[]][] = [
        ["whole.bin", SIZE, {}, ["POST", "PATCH"]],
        // The size is a multiple of the chunk's, so that the client never says which chunk is the last one.
        ["chunks.bin", 4 * MiB, { chunkSize: 2 * MiB }, ["POST", "PATCH", "PATCH"]],
        ["creation.bin", SIZE, { uploadDataDuringCreation: 1 }, ["POST"]],
        ["empty.bin", 0, {}, ["POST"]],
      ];
      for (const [index, [name, size, options, methods]] of ways.entries()) {
        await using tab = await world.open("tus", { protocol, ...options });
        const source = new Source(size, index);
        await tab.page.setInputFiles("#file", await world.write(name, source));
        const [url] = await tab.done();
        assertEquals([name, tab.requests.map(({ method }) => method)], [name, methods]);
        await world.assertWhole(url, name, source);
        assertEquals(tab.complaints, []);
      }
    },
  );

  browserTest(`tus-js-client in a page, by ${protocol}, goes on after a reload`, async () => {
    await using world = await startTusWorld();
    await using tab = await world.open("tus", { protocol, chunkSize: MiB });
    const { page, requests } = tab;
    const source = new Source(SIZE, 2);
    const path = await world.write("film.mkv", source);
    await tab.throttle(SLOW);
    await page.setInputFiles("#file", path);
    await tab.shownAtLeast("#accepted", MiB);
    await page.reload();
    await tab.unthrottle();
    assertEquals(countOf("POST", requests.splice(0)), 1);

    await page.setInputFiles("#file", path);
    const [url] = await tab.done();
    assertEquals([requests[0]?.method, countOf("POST", requests)], ["HEAD", 0]);
    const [first = NaN] = patchOffsets(requests);
    assert(first >= MiB && first < SIZE, `It went on at ${first}`);
    await world.assertWhole(url, "film.mkv", source);
    assertEquals(await filesBelow(join(world.data, "files")), ["film.mkv"]);
    assertEquals(tab.complaints, []);
  });

  browserTest(`tus-js-client in a page, by ${protocol}, goes on after every cut of its connections`, async () => {
    await using world = await startTusWorld();
    let cuts = 0;
    await using proxy = await startProxy({
      to: world.pawl.port,
      plan: () => ({ kind: cuts % 2 === 0 ? "cut" : "reset", direction: "up", after: MiB }),
      onFault: () => cuts++,
    });
    await using tab = await world.open("tus", { protocol }, proxy.port);
    const source = new Source(SIZE, 6);
    await tab.page.setInputFiles("#file", await world.write("film.mkv", source));
    const [url] = await tab.done();
    assert(cuts >= 3, `Only ${cuts} connections were cut`);
    assertEquals(countOf("POST", tab.requests), 1);
    const offsets = patchOffsets(tab.requests);
    assertEquals(offsets, offsets.toSorted((one, other) => one - other));
    await world.assertWhole(url, "film.mkv", source);
    // Chromium sends a request again whose connection breaks: at the place where it began, which is the wrong one now.
    assertEquals(tab.complaints.filter((text) => !/net::ERR_|409 \(Conflict\)/.test(text)), []);
  });
}
