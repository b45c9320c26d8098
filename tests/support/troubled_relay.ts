import net from "node:net";

/**
 * What a network or a server does to what passes:
 *
 * - `mute`: nothing comes through in either direction, and nobody is told; later it comes after all
 * - `cut`: connections are closed, those that are open and all new ones
 * - `busy`: whatever a client sends is answered with 503, as S3 servers do
 */
export type Trouble = "none" | "mute" | "cut" | "busy";

/** A relay in front of a server, for what can go wrong between. */
export interface TroubledRelay extends AsyncDisposable {
  readonly port: number;
  /** Begins a trouble, or ends the one that there is. */
  meet(trouble: Trouble): void;
}

const BUSY = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

type Pair = readonly [client: net.Socket, target: net.Socket];

/** Starts a relay on a free port of 127.0.0.1 to the server at `port`. Use with `await using`. */
export async function startTroubledRelay(port: number): Promise<TroubledRelay> {
  const pairs = new Set<Pair>();
  let trouble: Trouble = "none";
  const server = net.createServer((client) => {
    if (trouble === "cut") return void client.destroy();
    const target = net.connect({ port, host: "127.0.0.1" });
    const pair: Pair = [client, target];
    pairs.add(pair);
    for (const [from, to] of [[client, target], [target, client]] as const) {
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("data", (bytes) => {
        if (trouble === "busy" && from === client) return refuse(pair);
        if (!to.write(bytes)) from.pause();
      });
      to.on("drain", () => trouble === "mute" || from.resume());
      from.on("end", () => to.end());
      // The end of a connection does not come through either, as long as nothing does.
      from.on("close", () => trouble === "mute" || end(pair));
      if (trouble === "mute") from.pause();
    }
  });

  function end(pair: Pair): void {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }

  function refuse([client, target]: Pair): void {
    target.removeAllListeners("close").destroy();
    client.removeAllListeners("data");
    client.resume();
    client.end(BUSY);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    meet(next) {
      trouble = next;
      for (const pair of [...pairs]) {
        if (next === "mute") pair.forEach((socket) => socket.pause());
        else if (next === "cut" || pair.some((socket) => socket.destroyed)) end(pair);
        else pair.forEach((socket) => socket.resume());
      }
    },
    async [Symbol.asyncDispose]() {
      trouble = "cut";
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of [...pairs].flat()) socket.destroy();
      await closed;
    },
  };
}
