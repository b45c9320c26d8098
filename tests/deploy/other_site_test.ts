import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ServerLimits, type Transport, Uploader, UploadError, UploadQueue } from "../../client/mod.ts";
import { startListening } from "../support/listening.ts";
import { PROXIES, proxyTest } from "../support/reverse_proxies.ts";
import { tempDir } from "../support/temp_dir.ts";

proxyTest(
  "caddy",
  "the empty 200 of a Caddy that serves another host is no success to the client library",
  async () => {
    await using dir = await tempDir();
    const { program, args, whole } = PROXIES.caddy;
    const config = join(dir.path, "Caddyfile");
    await using caddy = await startListening({
      program,
      dir: dir.path,
      args: args(config, dir.path),
      configure(port) {
        const site = `http://other.example:${port} {\n\tbind 127.0.0.1\n\trespond "Hello"\n}`;
        return Deno.writeTextFile(config, whole(site, { dir: dir.path, port }));
      },
    });
    const statuses: string[] = [];
    const transport: Transport = async ({ method, url, headers, body, signal }) => {
      const response = await fetch(url, { method, headers, body: await body?.bytes() ?? null, signal });
      const text = await response.text();
      statuses.push(`${method} ${response.status} ${text}`);
      return { status: response.status, headers: response.headers, text };
    };
    const common = { endpoint: `http://127.0.0.1:${caddy.port}`, transport, random: () => 0.1, tries: 2 };
    for (const size of [0, 10, 2 ** 21]) {
      const uploader = new Uploader({ ...common, file: new File([new Uint8Array(size)], "a"), id: "a" });
      const error = await assertRejects(() => uploader.upload(), UploadError);
      assertEquals([size, error.code, uploader.progress.state], [size, "no-progress", "failed"]);
    }
    // Small files would go together in a form, if the limits were read.
    const limits = new ServerLimits(common);
    await limits.read().catch(() => {});
    const queue = new UploadQueue({ ...common, limits });
    const uploads = ["a", "b", "c"].map((name) => queue.add(new File([name], name)));
    const ended = Promise.withResolvers<void>();
    queue.on("progress", () => {
      if (uploads.every(({ progress }) => ["failed", "done"].includes(progress.state))) ended.resolve();
    });
    await ended.promise;
    assertEquals(uploads.map(({ progress }) => progress.state), ["failed", "failed", "failed"]);
    assertEquals([...new Set(statuses)].sort(), ["GET 200 ", "POST 200 "]);
  },
);
