import axe from "axe-core";
import type { Page } from "playwright-core";

type Axe = typeof axe;

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/**
 * What axe-core finds wrong with the page as it is now: WCAG 2.0 to 2.2, levels A and AA, and its best practices; a
 * line for each place. The page must have been opened with `bypassCSP`.
 */
export async function violations(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in globalThis);
  if (!isThere) await page.addScriptTag({ content: axe.source });
  const found = await page.evaluate(async (tags) => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run({ runOnly: tags, rules: { "target-size": { enabled: true } } });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id} (${help}): ${target}`));
  }, TAGS);
  return found;
}
