import { join } from "@std/path";
import type { Browser } from "playwright-core";

const MB = 1_000_000;

/** Five files as people have them, with their sizes in bytes. */
const FIVE: readonly [name: string, bytes: number][] = [
  ["interview with the choir.mp4", 24 * MB],
  ["Quarterly report, final version (2).pdf", 2.4 * MB],
  ["backup-2026-11.zip", 11 * MB],
  ["notes.txt", 900],
];

const PHOTO = "beach at sunset.png";

/** Files for the pictures, in a folder. */
export interface PictureFiles {
  readonly one: string;
  readonly five: readonly string[];
  readonly many: readonly string[];
}

/** Writes the files that the pages are shown with. A picture of a page of its own is the photograph. */
export async function writeFiles(folder: string, browser: Browser): Promise<PictureFiles> {
  const page = await browser.newPage({ viewport: { width: 600, height: 400 } });
  await page.setContent("<body style='background:linear-gradient(#27496d,#ff8e5e 60%,#21394f)'>");
  await Deno.writeFile(join(folder, PHOTO), await page.screenshot());
  await page.close();
  const write = async (name: string, bytes: number) => {
    const path = join(folder, name);
    await Deno.writeFile(path, new Uint8Array(bytes).fill(bytes % 251));
    return path;
  };
  const rest = await Promise.all(FIVE.map(([name, bytes]) => write(name, bytes)));
  const many = Array.from({ length: 200 }, (_, at) => write(`IMG_${4100 + at}.JPG`, 60_000 + 700 * at));
  return { one: rest[0]!, five: [join(folder, PHOTO), ...rest], many: await Promise.all(many) };
}
