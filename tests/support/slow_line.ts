import net from "node:net";

/** A line to a server on this machine that is slow and holds much. */
export interface SlowLine extends AsyncDisposable {
  readonly port: number;
  /** How many bytes have come from clients. */
  readonly carried: number;
  /** How many bytes of each connection arrive in a second, from now on. */
  bytesPerSecond: number;
}

const TICK_MS = 25;

/**
 * Starts a line of `bytesPerSecond` towards the server at `to`, which holds up to `holds` bytes of each connection.
 * What has entered it arrives, also when the sender has gone, as it is with the buffers of a computer or of a modem.
 */
export async function startSlowLine(
  { to, bytesPerSecond, holds }: { to: number; bytesPerSecond: number; holds: number },
): Promise<SlowLine> {
  const open = new Set<Disposable>();
  let carried = 0;
  let rate = bytesPerSecond;
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const target = net.connect({ port: to, host: "127.0.0.1", allowHalfOpen: true });
    const line = carry(client, target, { holds, eachTick: () => Math.ceil(rate * TICK_MS / 1000) });
    open.add(line);
    client.on("data", ({ length }: Uint8Array) => void (carried += length));
    target.on("close", () => {
      line[Symbol.dispose]();
      open.delete(line);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    get carried() {
      return carried;
    },
    get bytesPerSecond() {
      return rate;
    },
    set bytesPerSecond(next) {
      rate = next;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const line of open) line[Symbol.dispose]();
      await closed;
    },
  };
}

function carry(
  client: net.Socket,
  target: net.Socket,
  { holds, eachTick }: { holds: number; eachTick: () => number },
): Disposable {
  const held: Uint8Array[] = [];
  let size = 0;
  let isEnded = false;
  client.on("data", (bytes: Uint8Array) => {
    held.push(bytes);
    size += bytes.length;
    if (size >= holds) client.pause();
  });
  for (const event of ["end", "close", "error"]) client.on(event, () => isEnded = true);
  target.on("error", () => {});
  target.on("data", (bytes) => client.write(bytes));
  target.on("end", () => client.end());
  const timer = setInterval(() => {
    let budget = eachTick();
    while (budget > 0 && held.length > 0) {
      const [first] = held as [Uint8Array];
      const part = first.subarray(0, budget);
      target.write(part);
      budget -= part.length;
      size -= part.length;
      if (part.length === first.length) held.shift();
      else held[0] = first.subarray(part.length);
    }
    if (size < holds) client.resume();
    if (isEnded && held.length === 0) target.end();
  }, TICK_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      client.destroy();
      target.destroy();
    },
  };
}
