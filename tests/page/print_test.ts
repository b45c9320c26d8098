import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";

/** So many done rows go on an A4 page at the least. */
const ROWS_ON_A_PAGE = 40;

browserTest("on paper 200 finished files take as many pages as they need, and none of these is empty", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const names = Array.from({ length: 200 }, (_, number) => `${number}.txt`);
  await site.choose(await Promise.all(names.map((name) => site.write(name, 10))));
  await site.allDone(200);
  const printed = new TextDecoder("latin1").decode(await page.pdf({ format: "A4" }));
  const pages = printed.match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;
  assert(pages > 2 && pages <= Math.ceil(200 / ROWS_ON_A_PAGE), `${pages} pages`);
  // A page that shows nothing has next to no bytes of content.
  const lengths = [...printed.matchAll(/\/Type \/Page\b[^]*?\/Contents (\d+) 0 R/g)].map(([, id]) =>
    Number(new RegExp(`\\n${id} 0 obj[^]*?/Length (\\d+)`).exec(printed)?.[1])
  );
  assertEquals(lengths.filter((length) => !(length > 500)), []);
});
