import { writeFully } from "./client.ts";

/** The most that an answer of the kind that is asked for here may take, in bytes. */
const BUFFER_BYTES = 16_384;

/** A connection that is kept open: one request after the other, each one's whole answer read before the next. */
export interface Exchange extends Disposable {
  /** Sends the bytes of one request; gives all of the answer, head and body, a character for each byte. */
  ask(bytes: Uint8Array): Promise<string>;
  /** Sends bytes and reads nothing. */
  send(bytes: Uint8Array): Promise<void>;
}

/** Connects to a port of this machine. */
export async function openExchange(port: number): Promise<Exchange> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const buffer = new Uint8Array(BUFFER_BYTES);
  const send = (bytes: Uint8Array) => writeFully(connection, bytes);
  return {
    send,
    async ask(bytes) {
      await send(bytes);
      let text = "";
      while (!isWhole(text)) {
        const size = await connection.read(buffer);
        if (size === null || text.length > BUFFER_BYTES) throw new Error(`Not an answer: ${JSON.stringify(text)}`);
        for (let i = 0; i < size; i++) text += String.fromCharCode(buffer[i]!);
      }
      return text;
    },
    [Symbol.dispose]: () => connection.close(),
  };
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
