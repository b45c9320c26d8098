import net from "node:net";
import { gzipSync } from "node:zlib";

/** The head of a request, as a proxy sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** The `Content-Length`; 0 for none. */
  readonly length: number;
  /** The value of a header; empty for none. */
  header(name: string): string;
}

/** The faults of a proxy. Without any it passes on each byte as it comes. */
export interface ProxyFaults {
  /** Changes the lines of a request's head, the first of which is the request line. */
  request?(lines: string[]): string[];
  /** Changes the lines of an answer's head, the first of which is the status line. */
  answer?(lines: string[]): string[];
  /** Gives an answer of its own, or the end of the connection (`""`), in place of passing the request on. */
  instead?(request: SeenRequest): string | undefined;
  /** Holds a request back until all of it has come. */
  readonly holds?: boolean;
  /** Ends a request whose client says nothing for so long. */
  readonly idleMs?: number;
  /** Ends a request that takes so long. */
  readonly longMs?: number;
  /** Reads the bodies of these requests no further until an answer has come, and makes a 502 of it. */
  hidesEarly?(request: SeenRequest): boolean;
  /** Compresses the bodies of answers for those who ask for it. */
  readonly compresses?: boolean;
  /** Hears of each answer, and may give another one. */
  heard?(request: SeenRequest, answer: string): string;
}

/** A proxy with faults in front of a server on this machine. It takes one request on each connection. */
export interface FaultyProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The bytes that clients have sent to it, heads and bodies. */
  readonly received: number;
}

const END_OF_HEAD = "\r\n\r\n";

/** An answer of a proxy's own. */
export function ownAnswer(status: string, body = "", headers: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, "Connection: close", ...headers];
  return `${lines.join("\r\n")}${END_OF_HEAD}${body}`;
}

/** Starts a proxy on a free port of 127.0.0.1. Use with `await using`. */
export async function startFaultyProxy(to: number, faults: ProxyFaults): Promise<FaultyProxy> {
  const open = new Set<net.Socket>();
  let received = 0;
  const server = net.createServer((client) => {
    const upstream = net.connect({ port: to, host: "127.0.0.1" });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => open.delete(socket));
    }
    client.on("data", (bytes: Uint8Array) => received += bytes.length);
    serve(client, upstream, faults);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    url: `http://localhost:${port}`,
    get received() {
      return received;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function serve(client: net.Socket, upstream: net.Socket, faults: ProxyFaults): void {
  let coming = "";
  let head: { request: SeenRequest; lines: string[]; isChunked: boolean } | undefined;
  let body = 0;
  let tail = "";
  let held = "";
  let answered = "";
  let isOver = false;
  const both = () => {
    client.destroy();
    upstream.destroy();
  };
  // Bytes that nobody reads would break the connection, and could overtake the answer.
  const say = (answer: string) => {
    isOver = true;
    client.end(answer, "latin1");
    client.resume();
    upstream.destroy();
  };
  const isWhole = () => head!.isChunked ? tail.endsWith(`0${END_OF_HEAD}`) : body >= head!.request.length;
  let idle: ReturnType<typeof setTimeout> | undefined;
  const stir = () => {
    clearTimeout(idle);
    if (faults.idleMs !== undefined && !(head !== undefined && isWhole())) idle = setTimeout(both, faults.idleMs);
  };
  const long = faults.longMs === undefined ? undefined : setTimeout(both, faults.longMs);

  function take(text: string): void {
    body += text.length;
    tail = (tail + text).slice(-16);
    if (!faults.holds) return void upstream.write(text, "latin1");
    held += text;
    if (isWhole()) upstream.write(held, "latin1");
  }

  client.on("data", (bytes) => {
    if (isOver) return;
    const text = bytes.toString("latin1");
    if (head !== undefined) {
      take(text);
      return stir();
    }
    coming += text;
    const end = coming.indexOf(END_OF_HEAD);
    if (end === -1) return stir();
    const lines = coming.slice(0, end).split("\r\n");
    const [method = "", path = ""] = lines[0]!.split(" ");
    const header = (name: string) =>
      lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))?.slice(name.length + 1).trim() ??
        "";
    const request = { method, path, length: Number(header("content-length")), header };
    head = { request, lines, isChunked: header("transfer-encoding") !== "" };
    const own = faults.instead?.(request);
    if (own !== undefined) return own === "" ? both() : say(own);
    const passed = `${(faults.request?.(lines) ?? lines).join("\r\n")}${END_OF_HEAD}`;
    if (faults.holds) held = passed;
    else upstream.write(passed, "latin1");
    take(coming.slice(end + 4));
    if (faults.hidesEarly?.(request)) client.pause();
    stir();
  });
  upstream.on("data", (bytes) => {
    answered += bytes.toString("latin1");
    if (head !== undefined && faults.hidesEarly?.(head.request)) {
      return say(ownAnswer("502 Bad Gateway", "<html>", ["Content-Type: text/html"]));
    }
    const end = answered.indexOf(END_OF_HEAD);
    const length = /^content-length: *(\d+)/im.exec(answered.slice(0, end))?.[1];
    if (end !== -1 && length !== undefined && answered.length >= end + 4 + Number(length)) passOn();
  });
  upstream.on("end", () => answered.includes(END_OF_HEAD) ? passOn() : isOver || both());

  /** Passes the answer on, which is whole. */
  function passOn(): void {
    if (isOver || head === undefined) return;
    answered = faults.heard?.(head.request, answered) ?? answered;
    const end = answered.indexOf(END_OF_HEAD);
    const whole = answered.slice(end + 4);
    const told = answered.slice(0, end).split("\r\n");
    const lines = faults.answer?.(told) ?? told;
    const isAsked = faults.compresses && head.request.header("accept-encoding") !== "";
    if (!isAsked || whole === "") return void say(`${lines.join("\r\n")}${END_OF_HEAD}${whole}`);
    const packed = gzipSync(Uint8Array.from(whole, (sign) => sign.charCodeAt(0))).toString("latin1");
    const kept = lines.filter((line) => !/^content-length:/i.test(line));
    say([...kept, "Content-Encoding: gzip"].join("\r\n") + END_OF_HEAD + packed);
  }

  for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
    one.on("close", () => {
      clearTimeout(idle);
      clearTimeout(long);
      if (one === client) other.destroy();
    });
  }
  upstream.on("error", () => isOver || both());
}
