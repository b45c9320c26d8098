// Runs inside a sandbox, where nothing but what is named by deploy/ can be seen: starts the server, uses it as a person
// and a service manager do, and prints what it saw as one JSON object. It imports nothing.

/** The things that are done in the sandbox. */
export interface Plan {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  /** The address of the server. */
  readonly url: string;
  /** The command that asks whether the server is well, for HEALTHCHECK. */
  readonly health?: readonly string[];
  /** The path where this program listens as systemd does. */
  readonly notifySocket?: string;
}

/** The things that were seen in the sandbox. */
export interface Seen {
  readonly title: string;
  readonly library: number;
  readonly uploaded: string;
  readonly downloaded: string;
  readonly ready: number;
  /** The exit code of the command for HEALTHCHECK, with what it printed, while the server runs and after its end. */
  readonly health: readonly (readonly [code: number, line: string])[];
  /** The messages to the service manager, in their order, each once in a row. */
  readonly told: readonly string[];
  readonly code: number;
  readonly output: string;
}

if (import.meta.main) {
  const seen = await run(JSON.parse(Deno.args[0]!));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(seen)));
}

async function run({ command, env, url, health, notifySocket }: Plan): Promise<Seen> {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const manager = notifySocket === undefined
    ? undefined
    : Deno.listenDatagram({ transport: "unixpacket", path: notifySocket });
  const listening = (async () => {
    for await (const [bytes] of manager ?? []) {
      const [first = ""] = new TextDecoder().decode(bytes).split("\n");
      if (told.at(-1) !== first) told.push(first);
      for (const look of waiting) look();
    }
  })();
  /** Waits for a message or a line that makes `isEnough` true. */
  const until = (isEnough: () => boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => isEnough() ? resolve() : undefined;
    waiting.add(look);
    look();
    return promise;
  };
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { args, env, clearEnv: true, stdout: "piped", stderr: "piped" }).spawn();
  let output = "";
  const started = Promise.withResolvers<void>();
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (output.includes("Pawl is at ")) started.resolve();
      for (const look of waiting) look();
    }
  });
  child.status.then(({ code }) => started.reject(new Error(`Ended with code ${code}: ${output}`)));
  await started.promise;

  const title = /<title>(.*?)<\/title>/.exec(await (await fetch(url)).text())?.[1] ?? "";
  const library = await fetch(`${url}/client/mod.js`);
  await library.body?.cancel();
  // A server that others can reach prints a link, by which the first person signs in.
  const first = await fetch(`${url}/status`, { headers: { "X-File-Id": "a.txt" } });
  await first.body?.cancel();
  const tokenOf = () => /#token=(\S+)\s/.exec(output)?.[1];
  if (first.status === 401) await until(() => tokenOf() !== undefined);
  const token = tokenOf();
  const known: Record<string, string> = token === undefined ? {} : { "Authorization": `Bearer ${token}` };
  const sent = await fetch(`${url}/upload`, {
    method: "POST",
    headers: { ...known, "X-File-Id": "a.txt" },
    body: "some bytes",
  });
  const uploaded = await sent.text();
  if (!sent.ok) throw new Error(`The upload was refused: ${uploaded}\n${output}`);
  const downloaded = await (await fetch(url + new URL(sent.headers.get("location")!, url).pathname, { headers: known }))
    .text();
  const ready = await fetch(`${url}/readyz`);
  await ready.body?.cancel();
  const asked = [await askHealth(health, env)];
  if (manager !== undefined) {
    await until(() => told.includes("WATCHDOG=1"));
    child.kill("SIGHUP");
    await until(() => told.lastIndexOf("READY=1") > told.indexOf("RELOADING=1") && told.includes("RELOADING=1"));
  }
  child.kill("SIGTERM");
  const { code } = await child.status;
  await Promise.all(reading);
  if (manager !== undefined) await until(() => told.includes("STOPPING=1"));
  asked.push(await askHealth(health, env));
  manager?.close();
  await listening;
  return {
    title,
    library: library.status,
    uploaded,
    downloaded,
    ready: ready.status,
    health: asked.flatMap((answer) => answer === undefined ? [] : [answer]),
    told,
    code,
    output,
  };
}

async function askHealth(
  command: readonly string[] | undefined,
  env: Record<string, string>,
): Promise<readonly [number, string] | undefined> {
  if (command === undefined) return undefined;
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, env, clearEnv: true }).output();
  return [code, (new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)).trim()];
}
