import net from "node:net";

/** A server that lets everybody in as PostgreSQL does, and answers no statement. */
export interface MuteDatabase extends AsyncDisposable {
  readonly url: string;
  /** How many connections it has had. */
  readonly connections: () => number;
}

/** "You are in", and "I am ready for a statement", by PostgreSQL's protocol. */
const WELCOME = Uint8Array.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/** Starts it on a free port of 127.0.0.1. */
export async function startMuteDatabase(): Promise<MuteDatabase> {
  const open = new Set<net.Socket>();
  let count = 0;
  const server = net.createServer((client) => {
    count++;
    open.add(client);
    client.on("error", () => {});
    client.on("close", () => open.delete(client));
    client.once("data", () => client.write(WELCOME));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `postgres://pawl@127.0.0.1:${(server.address() as net.AddressInfo).port}/postgres`,
    connections: () => count,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
