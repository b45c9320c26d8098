import { assert } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { openPage, type TestPage } from "./browser.ts";
import { type PawlProcess, startPawl } from "./process.ts";
import type { Source } from "./sources.ts";
import { tempDir } from "./temp_dir.ts";
import { assertWhole, type TusRequest } from "./tus_clients.ts";
import { startTusSite, type TusSite } from "./tus_site.ts";
import { PATIENCE_MS } from "./until.ts";

/** A page that uploads with a client of tus. */
export interface TusPage extends TestPage {
  /** The requests of the protocol that it has sent, in their order. */
  readonly requests: TusRequest[];
  /** Waits until it has uploaded all; gives the addresses of the uploads. */
  done(): Promise<string[]>;
  /** Waits until the number in an element of the page is at least `bytes`. */
  shownAtLeast(selector: string, bytes: number): Promise<void>;
}

/** A server, and another site whose pages upload to it. */
export interface TusWorld extends AsyncDisposable {
  readonly pawl: PawlProcess;
  /** The server's data folder. */
  readonly data: string;
  /** Opens one of the site's pages; what it sends goes to this port, to the server's own one unless told. */
  open(
    name: Parameters<TusSite["page"]>[0],
    options?: Parameters<TusSite["page"]>[1],
    port?: number,
  ): Promise<TusPage>;
  /** Writes a source to the disk, for a page to take it from there; gives its path. */
  write(name: string, source: Source): Promise<string>;
  /** Asserts that a finished file lies whole in the data folder, and that its address gives the same bytes. */
  assertWhole(url: string | undefined, name: string, source: Source): Promise<void>;
}

/** Starts both. All ends with the scope. */
export async function startTusWorld(): Promise<TusWorld> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const site = open.use(startTusSite());
  const data = join(path, "data");
  const pawl = open.use(await startPawl(data, { args: ["--allow-origin", site.origin] }));
  const kept = open.move();
  return {
    pawl,
    data,
    open: (name, options, port = pawl.port) =>
      openTusPage(site.page(name, { endpoint: `http://127.0.0.1:${port}/files/`, ...options })),
    async write(name, source) {
      const target = join(path, name);
      await Deno.writeFile(target, source.bytes());
      return target;
    },
    assertWhole: (url = "", name, source) => assertWhole({ url }, { data, name, source, origin: pawl.url }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function openTusPage(url: string): Promise<TusPage> {
  const opened = await openPage(url);
  const { page } = opened;
  return {
    ...opened,
    requests: requestsOf(page),
    async done() {
      const status = page.locator("#status", { hasText: /^(?:Done|Failed): / });
      await status.waitFor();
      const text = await status.textContent() ?? "";
      assert(text.startsWith("Done: "), text);
      return text.slice("Done: ".length).split(" ");
    },
    async shownAtLeast(selector, bytes) {
      const expression = `Number(document.querySelector(${JSON.stringify(selector)}).value) >= ${bytes}`;
      await page.waitForFunction(expression, undefined, { polling: 20, timeout: PATIENCE_MS });
    },
  };
}

/** The headers by which each protocol that the client speaks is known. */
const NAMES_OF_PROTOCOLS = ["tus-resumable", "upload-draft-interop-version"];

function requestsOf(page: Page): TusRequest[] {
  const requests: TusRequest[] = [];
  page.on("request", (request) => {
    const headers = request.headers();
    if (!NAMES_OF_PROTOCOLS.some((name) => name in headers)) return;
    const offset = headers["upload-offset"];
    requests.push({
      method: request.method(),
      url: request.url(),
      offset: offset === undefined ? undefined : Number(offset),
      concat: headers["upload-concat"],
    });
  });
  return requests;
}
