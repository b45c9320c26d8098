import type { CDPSession } from "playwright-core";
import { type OpenOptions, openPage, type TestPage } from "./browser.ts";
import { frames } from "./frames.ts";
import { type UploadList, uploadListOf } from "./upload_list.ts";

/** Pawl's page in a browser that has never been there. */
export interface UploadPage extends TestPage, UploadList {
  /** Chooses files, or a folder, as a browser without handles does it. */
  choose(paths: string | readonly string[], field?: "#files" | "#folder"): Promise<void>;
  /** Drops files and folders of this computer on the page, as a file manager does it: the browser gives handles. */
  drop(paths: readonly string[]): Promise<void>;
  /** Leaves the page and comes back; returns when all of it has come. */
  reload(): Promise<void>;
}

/** Opens a server's page, and waits until all of it has come. */
export async function openUploadPage(url: string, options: OpenOptions = {}): Promise<UploadPage> {
  await using open = new AsyncDisposableStack();
  const opened = open.use(await openPage(url, options));
  const { page } = opened;
  const isReady = () => page.locator("html[data-ready=all]").waitFor();
  await isReady();
  const list = uploadListOf(page);
  open.move();
  return {
    ...opened,
    ...list,
    choose: (paths, field = "#files") => page.setInputFiles(field, paths),
    async drop(paths) {
      const session = await page.context().newCDPSession(page);
      for (const type of ["dragEnter", "dragOver", "drop"] as const) {
        await drag(session, type, paths);
        // A page that scrolls, or has much else to do, must have seen one before the next comes.
        await frames(page, 2);
      }
      await session.detach();
    },
    async reload() {
      await page.reload();
      await isReady();
    },
  };
}

/** One event of a drag over the middle of the page. */
export async function drag(
  session: CDPSession,
  type: "dragEnter" | "dragOver" | "drop",
  files: readonly string[],
): Promise<void> {
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
}

/** Runs before the page's scripts: a deletion can be undone for a moment only, and a test waits no longer. */
export function withQuickDeletions(): void {
  const { setTimeout } = globalThis;
  const quick = (run: () => void, ms?: number) => setTimeout(run, ms === 5000 ? 1000 : ms);
  Object.assign(globalThis, { setTimeout: quick });
}

/** Runs before the page's scripts: the browser has the old way to choose files alone, which a test can answer. */
export function withoutPicker(): void {
  Reflect.deleteProperty(globalThis, "showOpenFilePicker");
}
