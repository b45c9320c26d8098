// Serves the bundled page as a careful user would, and the tus protocol beside it. Runs in Node, with its types
// stripped, in the folder that has the packages and the bundle; prints its port.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import process from "node:process";
import { gzipSync } from "node:zlib";

interface TusPackages {
  readonly FileStore: new (options: { directory: string }) => object;
  readonly Server: new (options: { path: string; datastore: object }) => { handle: RequestListener };
}

interface Served {
  readonly type: string;
  readonly body: Uint8Array;
  readonly tag: string;
}

// Not the names themselves in the imports: Deno, which has no such packages, would look for them.
const [server, store] = ["@tus/server", "@tus/file-store"] as const;
const { Server, FileStore }: TusPackages = { ...await import(server), ...await import(store) };
const tus = new Server({ path: "/files", datastore: new FileStore({ directory: process.argv[1] as string }) });

const page = process.argv[2] as string;
const names = readdirSync(page);
const [script, style] = [".js", ".css"].map((end) => names.find((name) => name.endsWith(end)));
const index = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Uppy</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page/${style}">
<script type="module" src="/page/${script}"></script>
<div id="dashboard"></div>
`;
const files = new Map<string, Served>([
  ["/", served("text/html", index)],
  [`/page/${script}`, served("text/javascript", readFileSync(`${page}/${script}`))],
  [`/page/${style}`, served("text/css", readFileSync(`${page}/${style}`))],
]);

function served(type: string, text: string | Uint8Array): Served {
  const body = gzipSync(text, { level: 9 });
  const tag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
  return { type: `${type}; charset=utf-8`, body, tag };
}

/** All but the page itself has its content's hash in its name. */
function serveFile({ url, headers }: IncomingMessage, answer: ServerResponse, { type, body, tag }: Served): void {
  answer.setHeader("Cache-Control", url === "/" ? "no-cache" : "public, max-age=31536000, immutable");
  answer.setHeader("ETag", tag);
  if (headers["if-none-match"] === tag) return void answer.writeHead(304).end();
  answer.writeHead(200, { "Content-Type": type, "Content-Encoding": "gzip", "Content-Length": body.length }).end(body);
}

const listener = createServer((request, answer) => {
  const file = files.get(request.url ?? "");
  if (file === undefined) tus.handle(request, answer);
  else serveFile(request, answer, file);
}).listen(0, "127.0.0.1", () => {
  const address = listener.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
