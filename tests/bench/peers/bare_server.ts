import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// The smallest server by the implementation that its argument names, `deno` or `node`: what that costs by itself. It
// answers `ok`, behind the end of the request's body, which it throws away. It prints its port.

if (Deno.args[0] === "node") {
  const server = createServer((request, response) => {
    request.on("end", () => response.end("ok"));
    request.resume();
  });
  server.listen(0, "127.0.0.1", () => print((server.address() as AddressInfo).port));
} else {
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => print(port) }, async ({ body }) => {
    const reader = body?.getReader({ mode: "byob" });
    let buffer = new Uint8Array(reader === undefined ? 0 : 2 ** 20);
    while (reader !== undefined) {
      const { value, done } = await reader.read(buffer);
      if (done) break;
      buffer = new Uint8Array(value.buffer);
    }
    return new Response("ok");
  });
}

function print(port: number): void {
  // deno-lint-ignore no-console -- its standard output is how the port is handed over
  console.log(port);
}
