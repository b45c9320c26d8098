import net from "node:net";

/** A relay in front of a server, on which each request and each answer is a step that its owner hears of. */
export interface SteppedRelay extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts a relay on a free port of 127.0.0.1 to the server at `port`. `step` is called before the first bytes of a request
 * are passed on, and before the first bytes of its answer are; when it gives false, they are not, and the connection ends.
 */
export async function startSteppedRelay(
  port: number,
  step: (what: "asked" | "answered") => boolean,
): Promise<SteppedRelay> {
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const target = net.connect({ port, host: "127.0.0.1" });
    let last: "asked" | "answered" | undefined;
    for (const [from, to, what] of [[client, target, "asked"], [target, client, "answered"]] as const) {
      open.add(from);
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("data", (bytes) => {
        // Bytes in one direction are one request, or one answer, until others come back.
        const isNew = last !== what;
        last = what;
        if (isNew && !step(what)) {
          client.destroy();
          target.destroy();
        } else if (!to.write(bytes)) from.pause();
      });
      to.on("drain", () => from.resume());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
