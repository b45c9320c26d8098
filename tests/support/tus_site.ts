import tusBuild from "tus-js-client/dist/tus.min.js" with { type: "text" };

/** A web site that is not Pawl's: its pages upload to another origin. */
export interface TusSite extends AsyncDisposable {
  readonly origin: string;
  /** The address of a page in tests/clients/pages, told what to upload to and how. */
  page(name: "tus" | "uppy", options: Readonly<Record<string, string | number>>): string;
}

/** Starts the site on a free port, with the builds for browsers that the packages bring. */
export function startTusSite(): TusSite {
  const uppy = lazily(readUppy);
  const files: Record<string, readonly [type: string, text: () => string | Promise<string>]> = {
    "/tus": ["text/html", () => pageText("tus")],
    "/uppy": ["text/html", () => pageText("uppy")],
    "/tus.min.js": ["text/javascript", () => tusBuild],
    "/uppy.min.mjs": ["text/javascript", async () => (await uppy()).build],
    "/uppy.min.css": ["text/css", async () => (await uppy()).style],
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const [type, text] = files[new URL(url).pathname] ?? [];
    if (text === undefined) return new Response("Not found", { status: 404 });
    return new Response(await text(), { headers: { "Content-Type": `${type}; charset=utf-8` } });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return {
    origin,
    page(name, options) {
      const query = new URLSearchParams(Object.entries(options).map(([key, value]) => [key, String(value)]));
      return `${origin}/${name}?${query}`;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function pageText(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`../clients/pages/${name}.html`, import.meta.url));
}

/** Uppy's own bundle, which no other test needs. */
async function readUppy(): Promise<{ build: string; style: string }> {
  return await import("./uppy.ts");
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
