import { IS_LONG } from "./campaign.ts";
import type { DrivenPage } from "./driven_page.ts";
import { type SlowLine, startSlowLine } from "./slow_line.ts";
import { startSite, type TestSite } from "./test_site.ts";

/** A server behind a slow line, its page, and a file that takes some seconds to send. */
export interface DrivenSite extends TestSite {
  readonly page: DrivenPage;
  readonly name: string;
  /** The file's place on this computer. */
  readonly source: string;
  readonly size: number;
}

/** A file's size in bytes, and the speed of the line. */
export interface Load {
  readonly size: number;
  readonly bytesPerSecond: number;
}

/** The file has three pieces at least, so that something lies safe while something is sent and something is to come. */
const USUAL: Load = IS_LONG ? { size: 60e6, bytesPerSecond: 5e6 } : { size: 4e6, bytesPerSecond: 2e6 };

/** Much larger than what changes in it. */
export const LARGE: Load = IS_LONG ? { size: 500e6, bytesPerSecond: 50e6 } : USUAL;

/** Starts all of it; all ends with the scope. */
export async function openDrivenSite(
  openPage: (url: string) => Promise<DrivenPage>,
  { size, bytesPerSecond }: Load = USUAL,
): Promise<DrivenSite> {
  await using open = new AsyncDisposableStack();
  const site = open.use(await startSite());
  const line: SlowLine = open.use(await startSlowLine({ to: site.pawl.port, bytesPerSecond, holds: 1e6 }));
  const page = open.use(await openPage(`http://127.0.0.1:${line.port}`));
  const name = "film.mkv";
  const source = await site.write(name, size);
  const kept = open.move();
  return { ...site, page, name, source, size, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
