// The functions that run in a page are typed as there.
/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** A script, a style sheet and a page in one: whatever runs it says so. */
export const PAYLOAD = [
  "/*<script>parent.postMessage('ran', '*')</script><!--*/",
  "globalThis.postMessage?.('ran');",
  "globalThis.onconnect = ({ ports: [port] }) => port.postMessage('ran');",
  "//-->",
].join("\n");

/** The tags that show an address inside a page, and what they take it by. */
export const FRAMES = { iframe: "src", object: "data", embed: "src" };

/** Another server, whose pages have no policy and whose files are what they are. */
export function openElsewhere(): Deno.HttpServer<Deno.NetAddr> {
  const types: Record<string, string> = { "/script": "text/javascript", "/page": "text/html" };
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const type = types[new URL(request.url).pathname];
    return new Response(type === undefined ? "<!doctype html>" : PAYLOAD, {
      headers: { "Content-Type": type ?? "text/html" },
    });
  });
}

/** Tries an address as every kind of script and style sheet; gives what became of each: `load`, or `error`. */
export async function tryAsScript(page: Page, url: string): Promise<Record<string, string>> {
  return await page.evaluate(async (url) => {
    const heard = (target: EventTarget, good: string, from = target) =>
      new Promise<string>((resolve) => {
        from.addEventListener(good, () => resolve("load"));
        target.addEventListener("error", () => resolve("error"));
      });
    async function insert(tag: string, attributes: Record<string, string>): Promise<string> {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      const how = heard(element, "load");
      document.body.append(element);
      return await how;
    }
    async function start(make: () => Worker | SharedWorker): Promise<string> {
      try {
        const worker = make();
        if (!("port" in worker)) return await heard(worker, "message");
        worker.port.start();
        return await heard(worker, "message", worker.port);
      } catch {
        return "error";
      }
    }
    const { serviceWorker } = navigator;
    return {
      "<script>": await insert("script", { src: url }),
      "<script type=module>": await insert("script", { src: url, type: "module" }),
      "import()": await import(url).then(() => "load", () => "error"),
      "Worker": await start(() => new Worker(url)),
      "Worker, a module": await start(() => new Worker(url, { type: "module" })),
      "SharedWorker": await start(() => new SharedWorker(url)),
      "serviceWorker.register": await serviceWorker.register(url, { scope: "/files/" }).then(
        () => "load",
        () => "error",
      ),
      "<link rel=stylesheet>": await insert("link", { href: url, rel: "stylesheet" }),
    };
  }, url);
}

/** Puts an address into a frame of the page by a tag. */
export async function frame(page: Page, tag: string, url: string): Promise<void> {
  await page.evaluate(([tag, attribute, url]) => {
    const element = document.createElement(tag!);
    element.setAttribute(attribute!, url!);
    document.body.append(element);
  }, [tag, FRAMES[tag as keyof typeof FRAMES], url]);
}

/** Tells, in the page, of everything that has run. */
export async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const heard: unknown[] = [];
    addEventListener("message", ({ data }) => heard.push(data));
    Object.assign(globalThis, { heard });
  });
  return () => page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
}

/** Shows a picture in the page, by CORS where `crossOrigin` says how; gives what became of it. */
export async function showImage(page: Page, url: string, crossOrigin: string | null = null): Promise<string> {
  return await page.evaluate(([url, crossOrigin]) => {
    const image = new Image();
    image.crossOrigin = crossOrigin!;
    return new Promise<string>((resolve) => {
      image.addEventListener("load", () => resolve("load"));
      image.addEventListener("error", () => resolve("error"));
      image.src = url!;
    });
  }, [url, crossOrigin] as const);
}

/** Waits until the last frame of the page is one that the page cannot look into, as one that is blocked. */
export async function framesNothing(page: Page): Promise<void> {
  await page.waitForFunction(() => [...document.querySelectorAll("iframe")].at(-1)?.contentDocument === null);
}
