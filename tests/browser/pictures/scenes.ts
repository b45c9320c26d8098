// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { TestPage } from "../../support/browser.ts";
import type { UploadPage } from "../../support/upload_page.ts";
import type { PictureFiles } from "./files.ts";

/** A page of Uppy's Dashboard, and how files are given to it. */
export interface UppyPage extends TestPage {
  choose(paths: readonly string[]): Promise<void>;
}

/** A state in which a page is shown. */
export interface Scene {
  readonly name: string;
  /** The arguments of Pawl's server. */
  readonly args?: string[];
  /** Brings Pawl's page there. */
  pawl(site: UploadPage, files: PictureFiles): Promise<void>;
  /** Brings Uppy's page there. Absent for what it does not have. */
  uppy?(site: UppyPage, files: PictureFiles): Promise<void>;
}

/** Long enough for a page that draws by itself. */
const LOOK_MS = 2500;
const SLOW = 400_000;

/** The states, as somebody meets them one after the other. */
export const SCENES: readonly Scene[] = [
  { name: "empty", pawl: () => Promise.resolve(), uppy: () => Promise.resolve() },
  {
    name: "one",
    async pawl(site, { one }) {
      await site.throttle(SLOW);
      await site.choose([one]);
      await site.page.locator("#list > [data-state=sending]").waitFor();
      await delay(2 * LOOK_MS);
    },
    uppy: (site, { one }) => slowly(site, [one]),
  },
  {
    name: "five",
    async pawl(site, { five }) {
      await site.throttle(SLOW);
      await site.choose(five);
      await site.reached("notes.txt", "done");
      await delay(2 * LOOK_MS);
    },
    uppy: (site, { five }) => slowly(site, five),
  },
  {
    name: "many",
    async pawl(site, { many }) {
      await site.throttle(SLOW);
      await site.choose(many);
      await delay(3 * LOOK_MS);
    },
    uppy: (site, { many }) => slowly(site, many),
  },
  {
    name: "done",
    async pawl(site, { five }) {
      await site.choose(five);
      await site.allDone(five.length);
      await delay(LOOK_MS);
    },
    async uppy(site, { five }) {
      await site.choose(five);
      await delay(2 * LOOK_MS);
    },
  },
  {
    name: "failed",
    args: ["--max-size", "20MB"],
    async pawl(site, { five, one }) {
      await site.choose(five);
      await site.reached(nameOf(one), "failed");
      await delay(LOOK_MS);
    },
    async uppy(site, { five }) {
      await site.page.route("**/files/", async (route) => {
        const length = Number(await route.request().headerValue("upload-length"));
        await (length > 20e6 ? route.fulfill({ status: 413, body: "maximum size exceeded" }) : route.continue());
      });
      await site.choose(five);
      await delay(2 * LOOK_MS);
    },
  },
  {
    name: "offline",
    async pawl(site, { five }) {
      await site.throttle(SLOW);
      await site.choose(five);
      await site.reached("notes.txt", "done");
      await site.setOffline(true);
      await site.page.locator("#list > [data-state=waiting]").first().waitFor();
      await delay(LOOK_MS);
    },
    async uppy(site, { five }) {
      await slowly(site, five);
      await site.setOffline(true);
      await delay(2 * LOOK_MS);
    },
  },
  {
    name: "unfinished",
    async pawl(site, { five }) {
      await site.throttle(SLOW);
      await site.choose(five);
      await site.reached("notes.txt", "done");
      await delay(LOOK_MS);
      await site.reload();
      await site.page.locator("#unfinished-list > li").first().waitFor();
      await delay(LOOK_MS);
    },
  },
];

async function slowly(site: UppyPage, paths: readonly string[]): Promise<void> {
  await site.throttle(SLOW);
  await site.choose(paths);
  await delay(2 * LOOK_MS);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A way to look at a page. */
export interface View {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly media?: Parameters<Page["emulateMedia"]>[0];
  readonly language?: string;
}

const DESK = { width: 1100, height: 760 };
const PHONE = { width: 390, height: 780 };
const PLAIN = { colorScheme: "light", forcedColors: "none", media: "screen" } as const;

/** The ways in which each state is looked at. Uppy's page is shown in the first two. */
export const VIEWS: readonly View[] = [
  { name: "desk", ...DESK },
  { name: "phone", ...PHONE },
  { name: "dark", ...DESK, media: { colorScheme: "dark" } },
  { name: "phone-dark", ...PHONE, media: { colorScheme: "dark" } },
  { name: "korean", ...DESK, language: "ko" },
  { name: "phone-russian", ...PHONE, language: "ru" },
  { name: "forced-colours", ...DESK, media: { colorScheme: "dark", forcedColors: "active" } },
  { name: "print", width: 720, height: 1000, media: { media: "print" } },
];

/** Shows a page in a view. */
export async function lookAs(page: Page, { width, height, media, language = "en" }: View): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ ...PLAIN, ...media });
  const choice = page.locator("select#language");
  if (await choice.count() > 0) {
    await choice.evaluate((select: HTMLSelectElement, language) => {
      select.value = language;
      select.dispatchEvent(new Event("change"));
    }, language);
    await page.locator(`html[lang=${language}]`).waitFor();
  }
  await delay(400);
}
