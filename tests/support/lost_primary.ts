import net from "node:net";
import { freePorts } from "./ports.ts";

/**
 * A server that speaks as PostgreSQL does: a primary that answers one statement and ends its connection in the middle of
 * the next one, and for later connections a standby. The other server of its address is away.
 */
export interface LostPrimary extends AsyncDisposable {
  readonly url: string;
  /** How many connections the standby has had. */
  readonly asStandby: () => number;
  /** How many statements came to the standby. */
  readonly statements: () => number;
}

const encoder = new TextEncoder();

/** A message of PostgreSQL's protocol: its letter, its length, and its body. */
export function message(letter: string, body: string): Uint8Array {
  const bytes = encoder.encode(`${letter}\0\0\0\0${body}`);
  new DataView(bytes.buffer).setUint32(1, bytes.length - 1);
  return bytes;
}

/** "You are in", what the server is, and "I am ready for a statement". */
export function welcome(isStandby: boolean): Uint8Array[] {
  return [
    message("R", "\0\0\0\0"),
    message("S", "default_transaction_read_only\0off\0"),
    message("S", `in_hot_standby\0${isStandby ? "on" : "off"}\0`),
    message("Z", "I"),
  ];
}

/** "I have parsed, there are no rows to come, I have bound, and none came": the answer to a statement without values. */
export const NO_ROWS = [
  message("1", ""),
  message("n", ""),
  message("2", ""),
  message("C", "SELECT 0\\0"),
  message("Z", "I"),
];

/** "I stop now": what a server says before it closes the connection. */
export const SHUTDOWN = message("E", "SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0");

/** Starts it on a free port of 127.0.0.1. With `keepsOpen` it does not close what its client closes. */
export async function startLostPrimary({ keepsOpen = false } = {}): Promise<LostPrimary> {
  const open = new Set<net.Socket>();
  let [connections, answered, statements] = [0, 0, 0];
  const server = net.createServer({ allowHalfOpen: keepsOpen }, (client) => {
    const isStandby = connections++ > 0;
    let isIn = false;
    open.add(client);
    client.on("error", () => {});
    client.on("close", () => open.delete(client));
    client.on("data", (bytes: Uint8Array) => {
      if (!isIn) {
        isIn = true;
        for (const each of welcome(isStandby)) client.write(each);
      } else if (isStandby) {
        if (bytes[0] !== "X".charCodeAt(0)) statements++;
      } else if (answered++ === 0) {
        for (const each of NO_ROWS) client.write(each);
      } else {
        client.end(SHUTDOWN);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const [away] = freePorts(1);
  const hosts = `127.0.0.1:${(server.address() as net.AddressInfo).port},127.0.0.1:${away}`;
  return {
    url: `postgres://pawl@${hosts}/postgres?target_session_attrs=read-write`,
    asStandby: () => connections - 1,
    statements: () => statements,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
