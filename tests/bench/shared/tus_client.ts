import { headOf } from "../client.ts";
import { type Exchange, openExchange } from "../exchange.ts";
import { WrongResult } from "../job.ts";

const TUS = { "Tus-Resumable": "1.0.0" };

/** After this time without a request a new connection is opened. */
const RESTS_MS = 1000;

/** A client of tus on one connection that is kept open. */
export interface TusClient extends Disposable {
  /** Begins an upload; gives its path. */
  create(length: number, name: string): Promise<string>;
  /** Sends bytes for an upload from `offset` on; returns when they are acknowledged. */
  append(path: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** Asks how far an upload is; `undefined` when the server does not know it any more. */
  offset(path: string): Promise<number | undefined>;
}

/** Connects to a server of tus whose uploads begin at `url`. */
export async function openTusClient(url: string): Promise<TusClient> {
  const port = Number(new URL(url).port);
  let exchange: Exchange = await openExchange(port);
  let usedAt = performance.now();
  const encoder = new TextEncoder();
  const ask = async (
    method: string,
    target: string,
    headers: Record<string, string>,
    body: Uint8Array = new Uint8Array(),
  ) => {
    const head = encoder.encode(headOf(method, target, { ...TUS, ...headers, "Content-Length": String(body.length) }));
    const bytes = new Uint8Array(head.length + body.length);
    bytes.set(head);
    bytes.set(body, head.length);
    // Node closes a connection that rests for five seconds.
    if (performance.now() - usedAt > RESTS_MS) {
      exchange[Symbol.dispose]();
      exchange = await openExchange(port);
    }
    const answer = await exchange.ask(bytes);
    usedAt = performance.now();
    return answer;
  };
  return {
    async create(length, name) {
      const headers = { "Upload-Length": String(length), "Upload-Metadata": `filename ${btoa(name)}` };
      const answer = await ask("POST", url, headers);
      const location = /\r\nlocation: (\S+)/i.exec(answer)?.[1];
      if (location === undefined) throw new WrongResult(`Expected an address: ${answer}`);
      return new URL(location, url).pathname;
    },
    async append(path, offset, bytes) {
      const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
      const answer = await ask("PATCH", new URL(path, url).href, headers, bytes);
      if (offsetOf(answer) !== offset + bytes.length) throw new WrongResult(`Expected the new offset: ${answer}`);
    },
    async offset(path) {
      // An answer to HEAD has no body, whatever its length says.
      const answer = await fetch(new URL(path, url), { method: "HEAD", headers: TUS });
      const offset = answer.headers.get("upload-offset");
      return answer.ok && offset !== null ? Number(offset) : undefined;
    },
    [Symbol.dispose]: () => exchange[Symbol.dispose](),
  };
}

function offsetOf(answer: string): number | undefined {
  const offset = /\r\nupload-offset: (\d+)/i.exec(answer)?.[1];
  return offset === undefined ? undefined : Number(offset);
}
