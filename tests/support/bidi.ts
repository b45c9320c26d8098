/** One session of WebDriver BiDi (W3C), over a WebSocket. */
export class BidiSession implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result, error, message } = JSON.parse(data);
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve(result);
      else pending?.reject(new Error(`${error}: ${message}`));
    };
    socket.onclose = () => {
      for (const { reject } of this.#pending.values()) reject(new Error("The browser has gone"));
    };
  }

  /** Begins a session with the browser at `address`, `ws://…`. */
  static async connect(address: string): Promise<BidiSession> {
    const socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`Cannot connect to ${address}`));
    });
    const session = new BidiSession(socket);
    await session.send("session.new", { capabilities: {} });
    return session;
  }

  /** Sends a command; resolves to its result. */
  async send<Result>(method: string, params: Readonly<Record<string, unknown>>): Promise<Result> {
    const id = ++this.#sent;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await pending.promise as Result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.addEventListener("close", resolve));
    this.#socket.close();
    await closed;
  }
}
