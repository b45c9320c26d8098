// The packages' own example. Runs in Node, with its types stripped, in the folder that has the packages; prints its port.
import { createServer, type RequestListener } from "node:http";
import process from "node:process";

interface TusPackages {
  readonly FileStore: new (options: { directory: string }) => object;
  readonly Server: new (options: { path: string; datastore: object }) => { handle: RequestListener };
}

// Not the names themselves in the imports: Deno, which has no such packages, would look for them.
const [server, store] = ["@tus/server", "@tus/file-store"] as const;
const { Server, FileStore }: TusPackages = { ...await import(server), ...await import(store) };

const tus = new Server({ path: "/files", datastore: new FileStore({ directory: process.argv[1] as string }) });
const listener = createServer(tus.handle.bind(tus)).listen(0, "127.0.0.1", () => {
  const address = listener.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
