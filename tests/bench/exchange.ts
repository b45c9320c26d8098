import { writeFully } from "./client.ts";

/** How much is read at a time, in bytes. */
const BUFFER_BYTES = 16_384;

/** The most that an answer of the kind that is asked for here may take, in bytes. */
const ANSWER_BYTES = 1024 * 1024;

/**
 * One request after the other, each one's whole answer read before the next, on a connection that is kept open. Where the
 * server closes it behind an answer, the next request opens another.
 */
export interface Exchange extends Disposable {
  /** Sends the bytes of one request; gives all of the answer, head and body, a character for each byte. */
  ask(bytes: Uint8Array): Promise<string>;
  /** Sends bytes and reads nothing. */
  send(bytes: Uint8Array): Promise<void>;
}

/** Connects to a port of this machine. */
export async function openExchange(port: number): Promise<Exchange> {
  let connection = await connect(port);
  let isClosed = false;
  const buffer = new Uint8Array(BUFFER_BYTES);
  const send = (bytes: Uint8Array) => writeFully(connection, bytes);
  return {
    send,
    async ask(bytes) {
      if (isClosed) {
        connection.close();
        connection = await connect(port);
      }
      await send(bytes);
      let text = "";
      while (!isWhole(text)) {
        const size = await connection.read(buffer);
        if (size === null || text.length > ANSWER_BYTES) throw new Error(`Not an answer: ${JSON.stringify(text)}`);
        text += String.fromCharCode(...buffer.subarray(0, size));
      }
      isClosed = /^HTTP[^]*?\r\nconnection: close\r\n[^]*?\r\n\r\n/i.test(text);
      return text;
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

async function connect(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  return connection;
}

/** True when the text is an answer to its end, by its `Content-Length` or its last chunk. */
function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  if (length !== undefined) return text.length >= head + 4 + Number(length);
  if (/\r\ntransfer-encoding: chunked/i.test(text)) return text.endsWith("\r\n0\r\n\r\n");
  return true;
}
