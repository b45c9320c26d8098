import type { ElementHandle } from "playwright-core";
import { openPage } from "./browser.ts";
import { DrivenPage, KEYS } from "./driven_page.ts";

/** The names that Chromium's driver has for keys without a letter. */
const NAMES: Readonly<Record<string, string>> = { [KEYS.enter]: "Enter", [KEYS.control]: "Control" };

/** Opens Pawl's page in a Chromium that has never been there; it ends with the scope. */
export async function openInChromium(url: string): Promise<DrivenPage> {
  await using open = new AsyncDisposableStack();
  const { page } = open.use(await openPage("about:blank"));
  // With somebody who hears of it no dialog for files is opened, and none is given up.
  page.on("filechooser", () => {});
  const kept = open.move();
  return await DrivenPage.open({
    async evaluate(expression) {
      for (;;) {
        try {
          return await page.evaluate(`(async () => (${expression}))()`);
        } catch (error) {
          // A page that is loaded again answers nothing; the next one does.
          if (!String(error).includes("Execution context was destroyed")) throw error;
          await page.waitForLoadState();
        }
      }
    },
    goto: async (url) => void await page.goto(url),
    back: async () => void await page.goBack(),
    reload: async () => void await page.reload(),
    setFiles: (selector, paths) => page.setInputFiles(selector, paths),
    async click(expression) {
      const handle: unknown = (await page.evaluateHandle(expression)).asElement();
      await (handle as ElementHandle).click();
    },
    async press(keys) {
      const isHeld = (key: string) => key === KEYS.control;
      for (const key of keys) {
        if (isHeld(key)) await page.keyboard.down(NAMES[key]!);
        else await page.keyboard.press(NAMES[key] ?? key);
      }
      for (const key of keys.filter(isHeld)) await page.keyboard.up(NAMES[key]!);
    },
    resize: (width) => page.setViewportSize({ width, height: 720 }),
    screenshot: async () => (await page.screenshot()).toString("base64"),
    close: () => kept.disposeAsync(),
  }, url);
}
