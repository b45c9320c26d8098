import { DrivenPage, keyActions } from "./driven_page.ts";
import { programTest } from "./programs.ts";
import { PATIENCE_MS, until } from "./until.ts";

const DEFAULT_DRIVER = "/usr/bin/WebKitWebDriver";

/** Gives the browser a display that nobody sees: WebKitGTK has no mode without one. */
const DISPLAY_SERVER = "/usr/bin/Xvfb";

/** A test that needs WebKitGTK, by its driver at `PAWL_WEBKIT_DRIVER` or /usr/bin/WebKitWebDriver. */
export function webkitTest(name: string, run: () => Promise<void>): void {
  programTest(name, { programs: [driverPath(), DISPLAY_SERVER], variable: "PAWL_WEBKIT_DRIVER", run });
}

interface WebKit extends AsyncDisposable {
  /** The browser that is there, or a new one. */
  session(): Promise<Session>;
}

interface Session {
  /** One command of WebDriver (W3C), below the session's address. */
  send(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown>;
  end(): Promise<void>;
}

let shared: Promise<WebKit> | undefined;

Deno.test.afterAll(async () => await (await shared)?.[Symbol.asyncDispose]());

/**
 * Opens Pawl's page in a WebKitGTK that has never been there; it ends with the scope. One browser shows one page after the
 * other: what it keeps belongs to the port of a server, except for cookies, which are removed.
 */
export async function openInWebKit(url: string): Promise<DrivenPage> {
  const { send, end } = await (await (shared ??= startWebKit())).session();

  async function evaluate(expression: string): Promise<unknown> {
    const script = `const [done] = arguments;
      (async () => (${expression}))().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = await send("POST", "/execute/async", { script, args: [] }) as Evaluated;
    if (error !== undefined) throw new Error(`${error} in ${expression}`);
    return value;
  }

  async function elementAt(expression: string): Promise<string> {
    const element = await send("POST", "/execute/sync", { script: `return ${expression}`, args: [] });
    return Object.values(element as Record<string, string>)[0]!;
  }

  return await DrivenPage.open({
    evaluate,
    goto: async (url) => void await send("POST", "/url", { url }),
    back: async () => void await send("POST", "/back", {}),
    reload: async () => void await send("POST", "/refresh", {}),
    async setFiles(selector, paths) {
      const id = await elementAt(`document.querySelector(${JSON.stringify(selector)})`);
      await send("POST", `/element/${id}/value`, { text: paths.join("\n") });
    },
    async click(expression) {
      await send("POST", `/element/${await elementAt(expression)}/click`, {});
    },
    async press(keys) {
      const actions = keyActions(keys);
      await send("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
    },
    resize: async (width) => void await send("POST", "/window/rect", { width, height: 720 }),
    screenshot: async () => await send("GET", "/screenshot") as string,
    async close() {
      try {
        await send("DELETE", "/cookie");
        await send("POST", "/url", { url: "about:blank" });
      } catch {
        // One that hangs, or asks something, is of no use to others.
        await end();
      }
    },
  }, url);
}

interface Evaluated {
  value?: unknown;
  error?: string;
}

/** Starts the driver, which starts a browser for each session, on a display of its own. */
async function startWebKit(): Promise<WebKit> {
  await using open = new AsyncDisposableStack();
  const display = open.use(await startDisplay());
  const port = freePort();
  const child = new Deno.Command(driverPath(), {
    args: [`--port=${port}`, "--host=127.0.0.1"],
    env: { DISPLAY: display.name, LIBGL_ALWAYS_SOFTWARE: "1", NO_AT_BRIDGE: "1" },
    stdout: "null",
    stderr: "null",
  }).spawn();
  open.defer(async () => {
    child.kill("SIGTERM");
    await child.status;
  });

  async function send(method: string, path: string, body?: unknown): Promise<unknown> {
    const request = { method, ...body !== undefined && { body: JSON.stringify(body) } };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, request);
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value?.error}: ${value?.message}`);
    return value;
  }

  await until(() => send("GET", "/status").then(() => true, () => false), "the driver answers");
  let present: Promise<Session> | undefined;

  async function newSession(): Promise<Session> {
    const timeouts = { script: PATIENCE_MS, pageLoad: PATIENCE_MS };
    const wanted = { capabilities: { alwaysMatch: { timeouts } } };
    const { sessionId } = await send("POST", "/session", wanted) as { sessionId: string };
    return {
      send: (method, path, body) => send(method, `/session/${sessionId}${path}`, body),
      async end() {
        present = undefined;
        await send("DELETE", `/session/${sessionId}`);
      },
    };
  }

  open.defer(async () => await (await present)?.end());
  const kept = open.move();
  return {
    session: () => present ??= newSession(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Starts a display under the first number that is free. */
async function startDisplay(): Promise<AsyncDisposable & { name: string }> {
  await using open = new AsyncDisposableStack();
  const child = new Deno.Command(DISPLAY_SERVER, {
    args: ["-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let printed = "";
  const reading = child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (printed += text) }),
  );
  open.defer(async () => {
    child.kill("SIGTERM");
    await Promise.all([child.status, reading]);
  });
  await until(() => printed.endsWith("\n"), "the display is there");
  const kept = open.move();
  return { name: `:${printed.trim()}`, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return (listener.addr as Deno.NetAddr).port;
}

function driverPath(): string {
  return Deno.env.get("PAWL_WEBKIT_DRIVER") || DEFAULT_DRIVER;
}
