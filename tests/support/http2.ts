import http2 from "node:http2";
import { Buffer } from "node:buffer";
import type { TestCertificate } from "./certificates.ts";

/** The headers of a request by their names, with HTTP/2's own such as `:path`. */
export type Http2Headers = Readonly<Record<string, string>>;

export interface Http2Answer {
  /** Absent when the stream was reset before there was one. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** What the client was told about a stream that was reset. */
  readonly error: string | undefined;
}

/** A request whose body the test sends. */
export interface Http2Stream {
  readonly answer: Promise<Http2Answer>;
  write(bytes: Uint8Array): void;
  end(bytes?: Uint8Array): void;
  /** Resets the stream with CANCEL. */
  reset(): void;
}

/** One connection, whose requests are streams; use with `using`. */
export interface Http2Connection extends Disposable {
  open(headers: Http2Headers): Http2Stream;
  /** Sends a request without a body. */
  ask(headers: Http2Headers): Promise<Http2Answer>;
}

/** Connects with a trusted certificate. */
export function connectHttp2(port: number, { cert }: TestCertificate): Http2Connection {
  const session = http2.connect(`https://localhost:${port}`, { ca: cert });
  session.on("error", () => {});

  function open(headers: Http2Headers): Http2Stream {
    const stream = session.request(headers);
    const { promise: answer, resolve } = Promise.withResolvers<Http2Answer>();
    let [text, error]: [string, string | undefined] = ["", undefined];
    let head: Record<string, unknown> = {};
    const done = () => resolve({ status: head[":status"] as number | undefined, headers: head, text, error });
    stream.setEncoding("utf8");
    stream.on("response", (found: Record<string, unknown>) => void (head = found));
    stream.on("data", (piece: string) => void (text += piece));
    stream.on("error", (thrown: Error) => void (error = thrown.message));
    stream.on("end", done);
    stream.on("close", done);
    return {
      answer,
      write: (bytes) => void stream.write(Buffer.from(bytes)),
      end: (bytes) => void (bytes === undefined ? stream.end() : stream.end(Buffer.from(bytes))),
      reset: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    };
  }

  return {
    open,
    ask(headers) {
      const stream = open(headers);
      stream.end();
      return stream.answer;
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
