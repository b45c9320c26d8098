import { BidiSession } from "./bidi.ts";
import { DrivenPage, keyActions } from "./driven_page.ts";
import { programTest } from "./programs.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

const DEFAULT_FIREFOX = "/usr/bin/firefox-esr";

/** What would ask, fetch or tell something by itself while a test runs. */
const PREFERENCES: Readonly<Record<string, unknown>> = {
  "app.update.disabledForTesting": true,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.enabled": false,
};

/** A test that needs Firefox, at `PAWL_FIREFOX` or /usr/bin/firefox-esr. */
export function firefoxTest(name: string, run: () => Promise<void>): void {
  programTest(name, { programs: [firefoxPath()], variable: "PAWL_FIREFOX", run });
}

interface Firefox extends AsyncDisposable {
  readonly session: BidiSession;
}

let shared: Promise<Firefox> | undefined;

Deno.test.afterAll(async () => await (await shared)?.[Symbol.asyncDispose]());

/** Opens Pawl's page in Firefox, with cookies and a database of its own; it ends with the scope. */
export async function openInFirefox(url: string): Promise<DrivenPage> {
  const { session } = await (shared ??= startFirefox());
  const { userContext } = await session.send<{ userContext: string }>("browser.createUserContext", {});
  const tab = { type: "tab", userContext };
  const { context } = await session.send<{ context: string }>("browsingContext.create", tab);
  const target = { context };

  async function evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await session.send<Evaluated>("script.evaluate", {
      expression: `(async () => JSON.stringify(await (${expression})) ?? "null")()`,
      target,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`${exceptionDetails.text} in ${expression}`);
    return JSON.parse(result.value);
  }

  async function elementAt(expression: string): Promise<{ sharedId: string }> {
    const { result } = await session.send<Evaluated>("script.evaluate", { expression, target, awaitPromise: false });
    return { sharedId: result.sharedId };
  }

  return await DrivenPage.open({
    evaluate,
    goto: async (url) => void await session.send("browsingContext.navigate", { context, url, wait: "complete" }),
    back: async () => void await session.send("browsingContext.traverseHistory", { context, delta: -1 }),
    reload: async () => void await session.send("browsingContext.reload", { context, wait: "complete" }),
    async setFiles(selector, files) {
      const element = await elementAt(`document.querySelector(${JSON.stringify(selector)})`);
      await session.send("input.setFiles", { context, element, files });
    },
    async click(expression) {
      const origin = { type: "element", element: await elementAt(expression) };
      const move = { type: "pointerMove", x: 0, y: 0, origin };
      const actions = [move, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
      await session.send("input.performActions", { context, actions: [{ type: "pointer", id: "mouse", actions }] });
    },
    async press(keys) {
      const actions = keyActions(keys);
      await session.send("input.performActions", { context, actions: [{ type: "key", id: "keyboard", actions }] });
    },
    async resize(width) {
      await session.send("browsingContext.setViewport", { context, viewport: { width, height: 720 } });
    },
    async screenshot() {
      return (await session.send<{ data: string }>("browsingContext.captureScreenshot", { context })).data;
    },
    async close() {
      await session.send("browsingContext.close", { context });
      await session.send("browser.removeUserContext", { userContext });
    },
  }, url);
}

interface Evaluated {
  result: { value: string; sharedId: string };
  exceptionDetails?: { text: string };
}

/** Starts Firefox without a window and with a new profile, which is removed when it is closed. */
async function startFirefox(): Promise<Firefox> {
  await using open = new AsyncDisposableStack();
  const profile = open.use(await tempDir());
  const preferences = Object.entries(PREFERENCES).map(([name, value]) =>
    `user_pref("${name}", ${JSON.stringify(value)});`
  );
  await Deno.writeTextFile(`${profile.path}/user.js`, preferences.join("\n"));
  const child = new Deno.Command(firefoxPath(), {
    args: ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile.path],
    env: { MOZ_CRASHREPORTER_DISABLE: "1", HOME: profile.path },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let printed = "";
  const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (printed += text) }),
  );
  open.defer(async () => {
    child.kill("SIGTERM");
    await Promise.all([child.status, reading]);
  });
  const address = () => /WebDriver BiDi listening on (ws:\S+)/.exec(printed)?.[1];
  await until(() => address() !== undefined, "Firefox tells where it can be driven");
  const session = open.use(await BidiSession.connect(address()!));
  const kept = open.move();
  return { session, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function firefoxPath(): string {
  return Deno.env.get("PAWL_FIREFOX") || DEFAULT_FIREFOX;
}
