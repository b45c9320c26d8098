// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { writeMany } from "../support/many_files.ts";
import { openServedPage } from "../support/served_page.ts";

/** The changes that scripts have made in a page. */
interface Changes {
  /** How many there were. */
  count: number;
  /** The changes to what was there already, as `element attribute=value`. */
  vain: string[];
}

/** Runs before the page's scripts: writes down every attribute and text that is set to the value that it has. */
function watchChanges(): void {
  const changes: Changes = { count: 0, vain: [] };
  Object.assign(globalThis, { changes });
  new MutationObserver((records) => {
    changes.count += records.length;
    const nameOf = (node: Node) => node instanceof Element ? `${node.localName}.${node.className}#${node.id}` : "text";
    for (const [index, { type, target, attributeName, oldValue, addedNodes, removedNodes }] of records.entries()) {
      if (type === "attributes") {
        const next = records.slice(index + 1).find((later) =>
          later.target === target && later.attributeName === attributeName
        );
        const value = next === undefined ? (target as Element).getAttribute(attributeName!) : next.oldValue;
        if (value === oldValue) changes.vain.push(`${nameOf(target)} ${attributeName}=${value}`);
      } else if (addedNodes.length === 1 && removedNodes.length === 1) {
        const [added, removed] = [addedNodes[0]!, removedNodes[0]!];
        if (added.nodeType === Node.TEXT_NODE && added.nodeValue === removed.nodeValue) {
          changes.vain.push(`${nameOf(target)} text=${added.nodeValue}`);
        }
      }
    }
  }).observe(document, { attributes: true, attributeOldValue: true, childList: true, subtree: true });
}

browserTest("nothing that the page shows is written again as it is", async () => {
  await using site = await openServedPage({ before: watchChanges });
  await site.choose(writeMany(site, 1500), "#folder");
  await site.page.getByText("1,500 of 1,500 files done").waitFor();
  const { count, vain } = await site.page.evaluate(() => (globalThis as unknown as { changes: Changes }).changes);
  assertEquals(vain, []);
  assert(count > 100, `${count} changes were seen`);
  assertEquals(site.complaints, []);
});
