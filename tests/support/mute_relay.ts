import net from "node:net";

/** A relay in front of a server. While it is mute it takes connections and bytes, and passes nothing on. */
export interface MuteRelay extends AsyncDisposable {
  readonly port: number;
  isMute: boolean;
}

/** Starts a relay on a free port of 127.0.0.1 to the Unix socket at `path`. */
export async function startMuteRelay(path: string): Promise<MuteRelay> {
  const open = new Set<net.Socket>();
  const relay = { isMute: false };
  const server = net.createServer((client) => {
    const target = net.connect({ path });
    for (const [from, to] of [[client, target], [target, client]] as const) {
      open.add(from);
      from.on("error", () => {});
      from.on("data", (bytes) => void (relay.isMute || to.write(bytes)));
      from.on("close", () => {
        open.delete(from);
        if (!relay.isMute) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(relay, {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  });
}
