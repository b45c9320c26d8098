import { Buffer } from "node:buffer";

/** A request as the bytes that go over the wire. */
export interface Message {
  readonly bytes: Uint8Array;
  /** True for a request whose answer has no body, whatever its headers say. */
  readonly isHead: boolean;
}

/** An answer as the bytes that came, a character each; interim answers are left out. */
export interface Reply {
  /** 0 when the server closed the connection without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

const NO_REPLY: Reply = { status: 0, head: "", body: "" };

/** How many requests are on their way at a time: more than one write of the system, and less than a buffer holds. */
const AHEAD = 32;

/** Thrown when the server says nothing for too long. */
export class Silence extends Error {
  override name = "Silence";
}

/**
 * Sends requests on one connection, each before the answer to the one before it, and gives the answers in their order.
 * A connection that the server closes is replaced, and what was not answered is sent again. Throws {@linkcode Silence}
 * when nothing comes for `patienceMs`, with the first request that is not answered.
 */
export async function pipeline(
  port: number,
  messages: readonly Message[],
  patienceMs: number,
): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  /** After a connection that gave no answer, the next request has one of its own: an answer is lost by a reset. */
  let isAlone = false;
  while (replies.length < messages.length) {
    const ahead = messages.slice(replies.length, replies.length + (isAlone ? 1 : AHEAD));
    const came = await exchange(port, ahead, patienceMs);
    replies.push(...came);
    if (came.length === 0 && isAlone) replies.push(NO_REPLY);
    isAlone = came.length === 0 && !isAlone;
  }
  return replies;
}

/** Sends all messages at once on a connection of their own, and gives what is answered before it is closed. */
async function exchange(port: number, messages: readonly Message[], patienceMs: number): Promise<Reply[]> {
  const replies: Reply[] = [];
  using line = await openLine(port, patienceMs);
  const sending = line.send(Buffer.concat(messages.map(({ bytes }) => bytes)));
  try {
    for (const { isHead } of messages) {
      const reply = await line.reply(isHead);
      if (reply === undefined) return replies;
      replies.push(reply);
    }
    return replies;
  } catch (error) {
    if (!(error instanceof Silence)) throw error;
    throw new Silence(`No answer within ${patienceMs} ms to ${shown(messages[replies.length]!.bytes)}`);
  } finally {
    line.end();
    await sending;
  }
}

/**
 * Sends bytes that may be no request, or several, on a connection of their own, and gives all that is answered. The
 * server may be waiting for more, so the sender says that nothing comes when nothing has come back for a moment. Throws
 * {@linkcode Silence} when the server does not close the connection then.
 */
export async function sendRaw(port: number, bytes: Uint8Array, patienceMs: number): Promise<string> {
  using line = await openLine(port, patienceMs);
  const sending = line.send(bytes);
  const timer = setTimeout(() => line.finishSending(), 50);
  try {
    return await line.rest();
  } catch (error) {
    if (!(error instanceof Silence)) throw error;
    throw new Silence(`Not closed within ${patienceMs} ms after ${shown(bytes)}`);
  } finally {
    clearTimeout(timer);
    line.end();
    await sending;
  }
}

/** The bytes of a request in a form that can be put into a test. */
export function shown(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString("latin1")).slice(0, 4000);
}

interface Line extends Disposable {
  /** Sends bytes; it does not matter when the server has closed before they have gone. */
  send(bytes: Uint8Array): Promise<void>;
  finishSending(): void;
  /** The next answer; `undefined` when the server closes before it is whole. */
  reply(isHead: boolean): Promise<Reply | undefined>;
  /** All that comes until the server closes. */
  rest(): Promise<string>;
  /** Closes the connection. */
  end(): void;
}

async function openLine(port: number, patienceMs: number): Promise<Line> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let isOpen = true;
  let isSilent = false;
  let text = "";
  const chunk = new Uint8Array(65536);

  function end(): void {
    if (isOpen) connection.close();
    isOpen = false;
  }

  /** Reads on; false when the server has closed. */
  async function readMore(): Promise<boolean> {
    const timer = setTimeout(() => {
      isSilent = true;
      end();
    }, patienceMs);
    try {
      const length = await connection.read(chunk);
      if (length === null) return false;
      text += Buffer.from(chunk.buffer, 0, length).toString("latin1");
      return true;
    } catch {
      if (isSilent) throw new Silence();
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes so many characters; `undefined` when fewer come. */
  async function take(length: number): Promise<string | undefined> {
    while (text.length < length) if (!await readMore()) return undefined;
    const taken = text.slice(0, length);
    text = text.slice(length);
    return taken;
  }

  async function takeTo(mark: string): Promise<string | undefined> {
    for (;;) {
      const at = text.indexOf(mark);
      if (at !== -1) return await take(at + mark.length);
      if (!await readMore()) return undefined;
    }
  }

  async function takeChunks(): Promise<string | undefined> {
    let body = "";
    for (;;) {
      const size = await takeTo("\r\n");
      if (size === undefined) return undefined;
      const piece = await take(parseInt(size, 16) + 2);
      if (piece === undefined || piece.length === 2) return piece && body;
      body += piece.slice(0, -2);
    }
  }

  return {
    async send(bytes) {
      try {
        for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
      } catch {
        // The server has answered and closed, or the line was ended.
      }
    },
    finishSending() {
      if (isOpen) connection.closeWrite().catch(() => {});
    },
    async reply(isHead) {
      for (;;) {
        const head = await takeTo("\r\n\r\n");
        if (head === undefined) return undefined;
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
        if (Number.isNaN(status)) throw new Error(`No answer of HTTP: ${JSON.stringify(head)}`);
        if (status < 200) continue;
        if (isHead || status === 204 || status === 304) return { status, head, body: "" };
        const body = /\r\ntransfer-encoding: chunked\r\n/i.test(head)
          ? await takeChunks()
          : await take(Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0));
        return body === undefined ? undefined : { status, head, body };
      }
    },
    async rest() {
      while (await readMore());
      return text;
    },
    end,
    [Symbol.dispose]: end,
  };
}
