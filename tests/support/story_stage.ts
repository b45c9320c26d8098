import type { DrivenPage } from "./driven_page.ts";
import { startSlowLine } from "./slow_line.ts";
import { startProxy } from "./tcp_proxy.ts";
import { type SiteOptions, startSite, type TestSite } from "./test_site.ts";

/** Opens a page in one browser. */
export type OpenPage = (url: string) => Promise<DrivenPage>;

/** A server, a person's browser on its page, and the network between. */
export interface Stage extends TestSite {
  readonly page: DrivenPage;
  /** How many bytes the page has sent, with all heads. */
  readonly carried: number;
  /** Ends every connection, and lets none through until {@linkcode Stage.connect}. */
  disconnect(): void;
  connect(): void;
}

/** The speed of the network: a file of {@linkcode FILM_BYTES} takes two seconds. */
const BYTES_PER_SECOND = 2_000_000;

/** Enough for some pieces, so that something is safe, something is under way and something is to come. */
export const FILM_BYTES = 4_000_000;

/** Sets the stage for one story; all ends with the scope. */
export async function openStage(openPage: OpenPage, options: SiteOptions = {}): Promise<Stage> {
  await using open = new AsyncDisposableStack();
  const site = open.use(await startSite(options));
  const line = open.use(
    await startSlowLine({ to: site.pawl.port, bytesPerSecond: BYTES_PER_SECOND, holds: 500_000 }),
  );
  let isDown = false;
  const network = open.use(
    await startProxy({
      to: line.port,
      plan: () => isDown ? { kind: "cut", direction: "up", after: 0 } : undefined,
    }),
  );
  const page = open.use(await openPage(`http://127.0.0.1:${network.port}`));
  const kept = open.move();
  return {
    ...site,
    page,
    get carried() {
      return line.carried;
    },
    disconnect() {
      isDown = true;
      network.cutAll();
    },
    connect: () => void (isDown = false),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
