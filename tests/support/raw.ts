import { Buffer } from "node:buffer";

/** A connection on which a test says exactly what goes over the wire, and when. */
export interface RawConnection extends Disposable {
  /** Sends text (as UTF-8) or bytes; false when the server has cut the connection. */
  send(data: string | Uint8Array): Promise<boolean>;
  /** Says that nothing more will be sent, and keeps on reading. */
  finishSending(): Promise<void>;
  /**
   * The next whole answer; interim ones (1xx) are passed over. One to `HEAD` has no body, whatever length it tells.
   * Throws when the server closes before it is whole.
   */
  answer(to?: "HEAD"): Promise<RawAnswer>;
  /** The next answer, which comes in chunks and has no end: what came of it before the server closed. */
  brokenOff(): Promise<RawAnswer>;
  /** The interim answers (1xx) that were read so far, in their order. */
  readonly interim: readonly RawHead[];
  /** Reads until there are so many interim answers. Throws when the answer, or the end, comes before. */
  untilInterim(count: number): Promise<void>;
  /** Waits for the next bytes of an answer, and reads at most `most` of them. */
  heard(most?: number): Promise<void>;
  /** Waits until the server closes; gives what came before it. */
  closed(): Promise<string>;
}

/** The status and the headers of an answer. */
export interface RawHead {
  readonly status: number;
  readonly headers: Headers;
}

export interface RawAnswer extends RawHead {
  readonly body: string;
}

/** Connects to a server on this machine; use with `using`, which closes it. */
export async function connect(port: number): Promise<RawConnection> {
  return speakOn(await Deno.connect({ hostname: "127.0.0.1", port }));
}

/** Speaks on a connection that is there already. */
export function speakOn(connection: Deno.Conn): RawConnection {
  let open = true;
  let text = "";
  const interim: RawHead[] = [];

  async function readMore(most = 65536): Promise<boolean> {
    const buffer = new Uint8Array(most);
    const length = await connection.read(buffer).catch(() => null);
    if (length === null) return false;
    text += Buffer.from(buffer.buffer, 0, length).toString("latin1");
    return true;
  }
  async function readUntil(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      if (!await readMore()) throw new Error(`The server closed the connection after ${JSON.stringify(text)}`);
    }
  }

  /** Takes the next head off; one of an interim answer is kept with those before it, and gives `undefined`. */
  async function takeHead(): Promise<RawHead | undefined> {
    await readUntil(() => text.includes("\r\n\r\n"));
    const head = text.slice(0, text.indexOf("\r\n\r\n"));
    text = text.slice(head.length + 4);
    const [statusLine = "", ...lines] = head.split("\r\n");
    const status = Number(statusLine.split(" ")[1]);
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    if (status >= 200) return { status, headers };
    interim.push({ status, headers });
  }

  return {
    interim,
    async untilInterim(count) {
      while (interim.length < count) {
        const final = await takeHead();
        if (final !== undefined) throw new Error(`The answer ${final.status} came before ${count} interim ones`);
      }
    },
    async send(data) {
      let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
      try {
        while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
        return true;
      } catch {
        return false;
      }
    },
    finishSending: () => connection.closeWrite(),
    async answer(to) {
      for (;;) {
        const head = await takeHead();
        if (head === undefined) continue;
        const { status, headers } = head;
        const length = to === "HEAD" ? 0 : Number(headers.get("content-length") ?? 0);
        await readUntil(() => text.length >= length);
        const body = text.slice(0, length);
        text = text.slice(length);
        return { status, headers, body };
      }
    },
    async brokenOff() {
      const head = await takeHead();
      while (await readMore());
      const body = text.replace(/[\da-f]+\r\n([^\r]*)\r\n/g, "$1");
      text = "";
      return { ...head!, body };
    },
    heard: async (most) => void await readMore(most),
    async closed() {
      while (await readMore());
      return text;
    },
    [Symbol.dispose]() {
      if (open) connection.close();
      open = false;
    },
  };
}

/** The head of a `POST /upload` request, with `headers` besides. */
export function postHead(id: string, headers: Record<string, string | number>): string {
  return head("POST /upload", { "X-File-Id": id, ...headers });
}

/** The head of any request. */
export function head(line: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ Host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
