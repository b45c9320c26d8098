import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../../../support/bytes.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { openTestApp } from "../../../support/pawl.ts";
import { simpleClient } from "../../../support/simple_client.ts";
import { until } from "../../../support/until.ts";

/** A program that watches a folder and all below it, as sync tools and media servers do. */
interface Watcher extends AsyncDisposable {
  /** All that it has printed, an event and a path in each line, as soon as there is a line that ends with `text`. */
  until(text: string): Promise<string[]>;
}

async function watch(folder: string): Promise<Watcher> {
  const child = new Deno.Command("inotifywait", {
    args: ["--monitor", "--recursive", "--format", "%e %w%f", folder],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let printed = "";
  const ready = Promise.withResolvers<void>();
  const reading = Promise.all([
    (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        if (text.includes("Watches established")) ready.resolve();
      }
    })(),
    (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) printed += text;
    })(),
  ]);
  await ready.promise;
  return {
    async until(text) {
      await until(() => printed.includes(`${text}\n`), `the watcher hears of ${text}`);
      return printed.trimEnd().split("\n");
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reading;
    },
  };
}

const ignore = needsAll.ignore ||
  await new Deno.Command("inotifywait", { args: ["--help"], stdout: "null", stderr: "null" }).output()
    .then(() => false, () => true);
const reason = ignore ? " (ignored: inotifywait is not there)" : "";

Deno.test({
  name:
    `programs that watch the folder of finished files hear that a file is whole when it is, and not before${reason}`,
  ignore,
  async fn() {
    await using pawl = await openTestApp();
    const folder = join(pawl.data, "files");
    await Deno.mkdir(join(folder, "b"));
    const client = simpleClient(pawl.app);
    await using watcher = await watch(folder);
    for (const [name, size] of [["small", 10], ["b/large", 3_000_000], ["empty", 0]] as const) {
      const file = someBytes(size);
      const named = { "X-File-Path": name, "X-File-Size": String(size) };
      // A part of it is nobody's business.
      if (size > 1000) await client.send(name, 0, file.slice(0, 1000), named);
      const start = size > 1000 ? 1000 : 0;
      assertEquals((await client.send(name, start, file.slice(start), named)).text, `Success ${size}`);
      const events = await watcher.until(`CLOSE_WRITE,CLOSE ${join(folder, name)}`);
      assertEquals(events.filter((event) => event.startsWith("MODIFY")), []);
      assert(events.indexOf(`CREATE ${join(folder, name)}`) !== -1, events.join("\n"));
      assertEquals(await pawl.finished(name), file);
    }
  },
});
