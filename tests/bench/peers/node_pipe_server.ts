// What most tutorials show: Node's http module and one pipe. Runs in Node, with its types stripped; prints its port.
import { createWriteStream } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import process from "node:process";

const dir = process.argv[1] as string;
const server = createServer((request, response) => {
  const file = createWriteStream(join(dir, basename(request.url ?? "")));
  request.pipe(file).on("finish", () => response.end("Success"));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
