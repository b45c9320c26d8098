import { assertEquals } from "@std/assert";
import axe, { type RunOptions } from "axe-core";
import type { Page } from "playwright-core";

type Axe = typeof axe;

/** WCAG 2.0 to 2.2, levels A and AA, and axe-core's best practices. */
const ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/** The rules of these that look at colours: nothing else of the page is another one in the dark. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

/** What axe-core finds wrong with the page as it is now, by all its rules; a line for each place. */
export async function violations(page: Page): Promise<string[]> {
  return await run(page, { runOnly: ALL, rules: { "target-size": { enabled: true } } });
}

/** Fails when axe-core finds something wrong with the page as it is now, in light colours or in dark ones. */
export async function assertNoViolations(page: Page, state = ""): Promise<void> {
  await page.emulateMedia({ colorScheme: "light" });
  assertEquals(await violations(page), [], `${state}, light`);
  await page.emulateMedia({ colorScheme: "dark" });
  assertEquals(await run(page, { runOnly: { type: "rule", values: OF_COLOURS } }), [], `${state}, dark`);
}

async function run(page: Page, options: RunOptions): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in globalThis);
  // The page's policy lets no script in, but what the debugger evaluates is none.
  if (!isThere) await page.evaluate(`${axe.source}; 0`);
  return await page.evaluate(async (options) => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run(options);
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id} (${help}): ${target}`));
  }, options);
}
