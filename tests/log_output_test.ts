import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { startPawl } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const root = fromFileUrl(new URL("../", import.meta.url));

/** A server whose standard error nobody reads until the test does. */
async function startUnread(data: string) {
  const args = ["run", "-A", "--no-check", `${root}main.ts`, "--port=0", "--data", data, "--access-log"];
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!/:\d+\//.test(printed)) printed += (await reader.read()).value ?? "";
  return {
    url: `http://127.0.0.1:${/:(\d+)\//.exec(printed)?.[1]}`,
    stderr: child.stderr,
    async stop() {
      child.kill("SIGTERM");
      const { code } = await child.status;
      await reader.cancel();
      return code;
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    },
  };
}

/** Asks for a page that is not there, whose path makes a long line of the log. */
async function ask(url: string, times: number): Promise<void> {
  for (let asked = 0; asked < times; asked += 50) {
    await Promise.all(Array.from({ length: Math.min(50, times - asked) }, async () => {
      const response = await fetch(`${url}/${"long".repeat(48)}`);
      assertEquals(response.status, 404);
      await response.body?.cancel();
    }));
  }
}

Deno.test("a full pipe holds up no request: what does not fit is dropped, and the log says how much", async () => {
  await using dir = await tempDir();
  await using server = await startUnread(dir.path);
  const requests = 3000;
  await ask(server.url, requests);
  const text = server.stderr.pipeThrough(new TextDecoderStream());
  let read = "";
  const reading = (async () => {
    for await (const piece of text) read += piece;
  })();
  await until(() => read.includes("lines of the log are missing here"), "the log says what it has dropped");
  await ask(server.url, 1);
  assertEquals(await server.stop(), 0);
  await reading;
  const events = read.trimEnd().split("\n").map((line) => JSON.parse(line));
  const dropped = events.filter(({ message }) => message.includes("missing here"));
  const answered = events.filter(({ logger }) => logger === "pawl.access");
  assert(answered.length < requests, "nothing was dropped");
  assertEquals(answered.length + dropped.reduce((sum, { properties }) => sum + properties.count, 0), requests + 1);
});

Deno.test("a closed pipe holds up nothing, and the server ends in good order", async () => {
  await using dir = await tempDir();
  await using server = await startUnread(dir.path);
  await server.stderr.cancel();
  await ask(server.url, 100);
  assertEquals(await server.stop(), 0);
});

Deno.test("a pipe that is full when the server ends delays the end by a second at most, and it is a good one", async () => {
  await using dir = await tempDir();
  await using server = await startUnread(dir.path);
  await ask(server.url, 500);
  assertEquals(await server.stop(), 0);
  await server.stderr.cancel();
});

Deno.test("the log is JSON where nobody looks, and no other line stands between", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path, { args: ["--access-log"], env: { PAWL_LOG_FORMAT: "auto" } });
  await (await fetch(`${pawl.url}/nothing`)).body?.cancel();
  await pawl.stop("SIGTERM");
  const [first = "", ...lines] = pawl.output().trimEnd().split("\n");
  assertMatch(first, /^Pawl is at/);
  const events = lines.map((line) => JSON.parse(line));
  assertEquals(events.map(({ logger, properties: { path, status } }) => [logger, path, status]), [
    ["pawl.access", "/nothing", 404],
  ]);
});

const noTerminal = await Deno.stat("/usr/bin/script").then(() => false, () => true);

Deno.test(
  "on a terminal the log is text, and the server ends when the terminal is closed",
  { ignore: noTerminal },
  async () => {
    await using dir = await tempDir();
    const server = `${Deno.execPath()} run -A --no-check ${root}main.ts --port=0 --access-log --data ${dir.path}/data`;
    const terminal = new Deno.Command("/usr/bin/script", {
      // The shell becomes the server, so it tells the server's process id.
      args: ["-qfc", `echo "pid $$"; exec ${server}`, "/dev/null"],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let shown = "";
    const reading = (async () => {
      for await (const piece of terminal.stdout.pipeThrough(new TextDecoderStream())) shown += piece;
    })();
    await until(() => /:\d+\//.test(shown), "the server is ready");
    const pid = Number(/pid (\d+)/.exec(shown)?.[1]);
    try {
      await (await fetch(`http://127.0.0.1:${/:(\d+)\//.exec(shown)?.[1]}/nothing`)).body?.cancel();
      await until(() => shown.includes("[INFO] pawl.access: GET /nothing 404"), "the request is logged as text");
      terminal.kill("SIGKILL");
      await terminal.status;
      await reading;
      await terminal.stdin.close().catch(() => {});
      await until(() => !isRunning(pid), "the server has ended");
    } finally {
      if (isRunning(pid)) Deno.kill(pid, "SIGKILL");
    }
  },
);

/** True for a process that runs; one that has ended and is not yet waited for runs no more. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}
