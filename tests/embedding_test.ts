import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { tempDir } from "./support/temp_dir.ts";

const ROOT = fromFileUrl(new URL("../", import.meta.url));
const ENTRY = ["serve", "-A", "--no-check", "--host", "127.0.0.1", "--port", "0"];

const docs = await Deno.readTextFile(new URL("../docs/embedding.md", import.meta.url));
const [, app = ""] = /^```ts\n(.*?)^```$/ms.exec(docs) ?? [];
const [, command = ""] = /^```sh\n(.*?)\n```$/ms.exec(docs) ?? [];

/** A program that runs. It is killed, by its own id, when the scope ends. */
interface Program extends AsyncDisposable {
  /** Resolves with the first match of `pattern` in all that was printed. Rejects when the program ends without one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it by SIGTERM; gives its exit code. */
  end(): Promise<number>;
  /** Waits until it ends by itself; gives its exit code, and what it printed. */
  ended(): Promise<{ code: number; output: string }>;
}

/** Runs Deno with these arguments, and with so many files that it may have open at most, if that is given. */
function runDeno(
  args: readonly string[],
  cwd: string,
  { openFiles, ...env }: Record<string, string> = {},
): Program {
  const whole = [Deno.execPath(), ...args];
  const [program, ...rest] = openFiles === undefined
    ? whole
    : ["sh", "-c", 'ulimit -n "$0" && exec "$@"', openFiles, ...whole];
  const child = new Deno.Command(program!, {
    args: rest,
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  let hasEnded = false;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      change();
    }
  });
  const ending = child.status.then(async ({ code }) => {
    await Promise.all(reading);
    hasEnded = true;
    change();
    return { code, output };
  });
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already: its exit code says the rest.
    }
  };
  return {
    async printed(pattern) {
      for (;;) {
        const found = pattern.exec(output);
        if (found !== null) return found;
        if (hasEnded) throw new Error(`It has ended, and printed:\n${output}`);
        await changed.promise;
      }
    },
    async end() {
      kill("SIGTERM");
      return (await ending).code;
    },
    ended: () => ending,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await ending;
    },
  };
}

const send = (url: string, headers: HeadersInit) =>
  fetch(`${url}/upload`, {
    method: "POST",
    headers: { "X-File-Id": "a", "X-File-Name": "a.txt", "X-Start-Byte": "0", ...headers },
    body: "abc",
  });

Deno.test("the program in docs/embedding.md runs as it stands there: own page, own sign-in, events, SIGTERM", async () => {
  await using dir = await tempDir();
  await Deno.symlink(ROOT, join(dir.path, "pawl"));
  await Deno.writeTextFile(join(dir.path, "app.ts"), app);
  const [deno, ...args] = command.split(" ");
  assertEquals(deno, "deno");
  // The test has a port of its own.
  await using program = runDeno(args, dir.path, { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" });
  const [url] = await program.printed(/http:\/\/127\.0\.0\.1:\d+/);
  assertEquals(await (await fetch(`${url}/`)).text(), "My own page");
  assertStringIncludes(await (await fetch(`${url}/files-in/`)).text(), "<title>Pawl</title>");
  const nobody = await send(`${url}/files-in`, {});
  assertMatch(await nobody.text(), /Sign in first/);
  const anna = await send(`${url}/files-in`, { "X-My-User": "anna" });
  assertEquals([anna.status, await anna.text()], [200, "Success 3"]);
  await program.printed(/upload\.completed a\.txt/);
  assertEquals(await Deno.readTextFile(join(dir.path, "uploads", "files", "a.txt")), "abc");
  assertEquals(await program.end(), 0);
});

Deno.test("deno serve runs Pawl, with its options behind the file's name, and SIGTERM ends it in good order", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  const entry = [...ENTRY, "serve_entry.ts", "--data", data, "--base-path", "/in"];
  await using program = runDeno(entry, ROOT);
  const [, secret = ""] = await program.printed(/Sign in by this link, .*: \/in\/#token=(pawl_[\w-]{43})\n/);
  const [url] = await program.printed(/http:\/\/127\.0\.0\.1:\d+/);
  const nobody = await send(`${url}/in`, {});
  await nobody.body?.cancel();
  assertEquals(nobody.status, 401);
  const { status, body } = await send(`${url}/in`, { Authorization: `Bearer ${secret}`, "X-File-Size": "9" });
  await body?.cancel();
  assertEquals([status, await program.end()], [200, 0]);
  const [kept] = await Array.fromAsync(Deno.readDir(join(data, "incoming")));
  assertEquals(await Deno.readTextFile(join(data, "incoming", kept!.name)), "abc");
});

Deno.test("the second thread of deno serve --parallel ends the process with one line that says why", async () => {
  await using dir = await tempDir();
  const [serve = "", ...flags] = ENTRY;
  const args = [serve, "--parallel", ...flags, "serve_entry.ts", "--data", dir.path];
  await using program = runDeno(args, ROOT, { DENO_JOBS: "2" });
  const { code, output } = await program.ended();
  assertEquals(code, 1);
  assertMatch(output, /Another program or thread has opened \S+ already, .* start deno serve without --parallel\n/);
  assertEquals(/^ +at |error/m.test(output), false, output);
});

Deno.test("what deno serve decides is refused behind the file's name, with one line", async () => {
  await using dir = await tempDir();
  const table: readonly [args: string[], line: RegExp][] = [
    [["--port", "1"], /^--port is an option of deno serve here: .*\n$/],
    [["--admin-port", "1"], /^--admin-port needs main\.ts: .*\n$/],
    [["--unix-socket", "a.sock"], /^--unix-socket needs main\.ts: .*\n$/],
    [["--max-siz", "1"], /^Unknown argument "--max-siz": did you mean --max-size\?.*\n$/],
  ];
  for (const [args, line] of table) {
    await using program = runDeno([...ENTRY, "serve_entry.ts", "--data", dir.path, ...args], ROOT);
    const { code, output } = await program.ended();
    assertEquals(code, 1);
    assertMatch(output, line);
  }
});

Deno.test("deno serve that can accept no more connections ends, so that another process can be started", async () => {
  await using dir = await tempDir();
  await using program = runDeno([...ENTRY, "serve_entry.ts", "--data", dir.path, "--open"], ROOT, { openFiles: "64" });
  const [, port] = await program.printed(/http:\/\/127\.0\.0\.1:(\d+)/);
  const connections: Deno.TcpConn[] = [];
  for (let count = 0; count < 100; count++) {
    const opened = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) }).catch(() => undefined);
    if (opened !== undefined) connections.push(opened);
  }
  const { code, output } = await program.ended();
  for (const connection of connections) connection.close();
  assertEquals(code, 1);
  assertStringIncludes(output, "Too many open files");
});
