import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { isCephIgnored, type S3Server, startCeph } from "../support/ceph.ts";
import { freePort } from "../support/free_port.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { type PawlProcess, startPawl } from "../support/process.ts";
import { proxyTest, startReverseProxy } from "../support/reverse_proxies.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

let ceph: S3Server | undefined;
let postgres: PostgresServer | undefined;
Deno.test.afterAll(async () => {
  await ceph?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const TOKEN = "0123456789012345678901234567";
const content = someBytes(48_000_000);
const PIECE = 64 * 1024;

/** How long nginx leaves an instance out at most, by `fail_timeout` of the recipe. */
const LEFT_OUT_MS = 2100;

function sharedTest(name: string, run: () => Promise<void>): void {
  const isIgnored = isCephIgnored || POSTGRES === undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1";
  if (isIgnored) return Deno.test.ignore(`${name} (needs PostgreSQL and Ceph)`, () => {});
  proxyTest("nginx", name, run);
}

/** A client of tus that sends a slow body, and asks where to go on whenever a request has ended. */
class Sender {
  readonly #url: string;
  readonly #client: Deno.HttpClient;
  /** The highest offset that was acknowledged. */
  acknowledged = 0;
  /** The highest offset that bytes have departed up to. */
  departed = 0;
  /** How many requests with bytes were broken off or refused. */
  broken = 0;

  constructor(url: string, caCert: string) {
    this.#url = url;
    this.#client = Deno.createHttpClient({ caCerts: [caCert] });
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { "Tus-Resumable": "1.0.0", Authorization: `Bearer ${TOKEN}`, ...init.headers as object };
    return fetch(new URL(path, this.#url), { ...init, headers, client: this.#client });
  }

  async create(): Promise<string> {
    const answer = await this.ask("/files", { method: "POST", headers: { "Upload-Length": `${content.length}` } });
    await answer.body?.cancel();
    assertEquals(answer.status, 201);
    return new URL(answer.headers.get("Location")!, this.#url).pathname;
  }

  /** Sends everything. */
  async send(path: string): Promise<void> {
    while (this.acknowledged < content.length) {
      const start = await this.#offset(path);
      assert(start >= this.acknowledged, `the offset fell back from ${this.acknowledged} to ${start}`);
      this.acknowledged = start;
      if (start === content.length) return;
      try {
        const answer = await this.ask(path, {
          method: "PATCH",
          headers: { "Upload-Offset": `${start}`, "Content-Type": "application/offset+octet-stream" },
          body: this.#slowBody(start),
        });
        await answer.body?.cancel();
        if (answer.status === 204) this.acknowledged = Number(answer.headers.get("Upload-Offset"));
        else this.broken++;
      } catch {
        this.broken++;
      }
    }
  }

  /** Asks for the offset, which an instance always has an answer to. */
  async #offset(path: string): Promise<number> {
    const answer = await this.ask(path, { method: "HEAD" });
    assertEquals(answer.status, 200);
    return Number(answer.headers.get("Upload-Offset"));
  }

  /** All bytes from `start` on, a piece every few milliseconds. */
  #slowBody(start: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = start;
    return new ReadableStream({
      pull: async (controller) => {
        await delay(10);
        controller.enqueue(content.slice(at, at += PIECE));
        this.departed = Math.max(this.departed, at);
        if (at >= content.length) controller.close();
      },
    }, { highWaterMark: 0 });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

sharedTest(
  "behind nginx without sticky sessions, each instance is replaced in the middle of an upload, and no byte is lost",
  async () => {
    ceph ??= await startCeph();
    postgres ??= await startPostgres();
    await using open = new AsyncDisposableStack();
    const { path: dir } = open.use(await tempDir());
    const env = {
      PAWL_DATABASE: await postgres.schema(),
      PAWL_BUCKET: ceph.address(),
      PAWL_TOKEN: TOKEN,
      PAWL_TRUST_PROXY: "127.0.0.1",
      PAWL_LOG_LEVEL: "warning",
    };
    const start = async (port: number) => open.use(await startPawl(join(dir, `${port}`), { env, port }));
    const ports = [freePort(), freePort()] as const;
    const instances: PawlProcess[] = await Promise.all(ports.map(start));
    const proxy = open.use(
      await startReverseProxy("nginx", { upstream: ports[0], second: ports[1], config: "many" }),
    );
    const sender = open.use(new Sender(proxy.url, await Deno.readTextFile(proxy.certificate.path)));
    const path = await sender.create();
    const sending = sender.send(path);
    sending.catch(() => {});
    for (const [index, port] of ports.entries()) {
      await until(() => sender.departed >= (index + 1) * 4_000_000, "bytes have departed");
      assert(sender.acknowledged < content.length, "the upload is on its way");
      assertEquals(await instances[index]!.stop("SIGTERM"), 0);
      instances[index] = await start(port);
      // nginx leaves an instance that was away out for a second, which its clock of seconds makes two.
      await delay(LEFT_OUT_MS);
    }
    await sending;
    for (const { url } of instances) {
      const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${TOKEN}` } });
      const got = await answer.bytes();
      assert(got.length === content.length && got.every((byte, at) => byte === content[at]), "The bytes differ");
    }
  },
);
