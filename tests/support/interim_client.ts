import { openTestApp, type TestApp, type Wishes } from "./pawl.ts";

/** An interim response that a client got. */
export interface ToldInterim {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Pawl behind a listener that can send interim responses, as a client of it sees that. */
export interface InterimClient extends AsyncDisposable {
  readonly pawl: TestApp;
  /** Sends a request, and gives its answer and the interim responses before that. */
  ask(line: string, headers: Record<string, string>, body?: RequestInit["body"]): Promise<{
    readonly answer: Response;
    readonly interim: readonly ToldInterim[];
  }>;
  /** Begins a request whose body stays open. */
  begin(line: string, headers: Record<string, string>): OpenRequest;
}

/** A request whose body comes as the test says. */
export interface OpenRequest {
  readonly interim: readonly ToldInterim[];
  readonly answer: Promise<Response>;
  send(bytes: Uint8Array): void;
  end(): void;
  /** The connection breaks. */
  cut(): void;
}

/** Opens Pawl, with a fake of such a listener. */
export async function openInterimClient(wishes: Wishes = {}): Promise<InterimClient> {
  const pawl = await openTestApp(wishes);

  function send(line: string, headers: Record<string, string>, body: RequestInit["body"]) {
    const [method = "", path] = line.split(" ");
    const interim: ToldInterim[] = [];
    const answer = pawl.app(
      new Request(new URL(path ?? "", "http://localhost"), { method, headers, body: body ?? null }),
      {
        remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
        completed: Promise.resolve(),
        sendInterim: (status, headers) => void interim.push({ status, headers }),
      },
    );
    return { answer, interim };
  }
  return {
    pawl,
    async ask(line, headers, body) {
      const length = body instanceof Uint8Array || typeof body === "string"
        ? { "Content-Length": `${body.length}` }
        : {};
      const { answer, interim } = send(line, { ...length, ...headers }, body);
      return { answer: await answer, interim };
    },
    begin(line, headers) {
      let controller!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
      return {
        ...send(line, headers, body),
        send: (bytes) => controller.enqueue(bytes),
        end: () => controller.close(),
        cut: () => controller.error(new TypeError("The connection is broken")),
      };
    },
    [Symbol.asyncDispose]: () => pawl[Symbol.asyncDispose](),
  };
}
