import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { parseCommandLine } from "../../../server/config/command_line.ts";
import { readSettings } from "../../../server/config/config.ts";
import { LiveConfig } from "../../../server/config/live_config.ts";
import type { Connection } from "../../../server/http/admission.ts";
import { openPawl } from "../../../server/open.ts";
import { untilReceived } from "../../support/incoming.ts";
import { memoryLog } from "../../support/log.ts";
import { tempDir } from "../../support/temp_dir.ts";

interface Site extends AsyncDisposable {
  readonly data: string;
  /** Answers a request, from another machine unless told. */
  app(request: Request, connection?: Connection): Promise<Response>;
  /** Changes the options of the running server. */
  change(...args: string[]): void;
}

/** A server without a port whose options change as `SIGHUP` changes them. */
async function openSite(...args: string[]): Promise<Site> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const read = (args: string[]) =>
    readSettings(parseCommandLine(["--min-free=none", "--data", path, ...args]), { env: () => undefined });
  const live = new LiveConfig(read(args));
  const root = fromFileUrl(new URL("../../../", import.meta.url));
  const pawl = await openPawl(live.config, { log: memoryLog(), root, now: Date.now });
  open.defer(async () => {
    await pawl.interrupt();
    pawl.close();
  });
  const kept = open.move();
  return {
    data: path,
    app(request, connection = { remoteAddr, completed: Promise.resolve() }) {
      request.headers.set("host", new URL(request.url).host);
      return pawl.app(request, connection);
    },
    change: (...args) => void live.replace(read(args)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const remoteAddr = { transport: "tcp", hostname: "192.0.2.1", port: 1 } as const;
let count = 0;

/** Sends a file of so many bytes; gives the code of the refusal, or the status. */
async function send({ app }: Site, bytes: number, headers: Record<string, string> = {}): Promise<string> {
  const response = await app(
    new Request("http://localhost/upload", {
      method: "POST",
      headers: { "X-File-Id": `file ${count++}`, "Content-Length": String(bytes), ...headers },
      body: new Uint8Array(bytes),
    }),
  );
  await response.body?.cancel();
  return response.headers.get("x-error") ?? String(response.status);
}

Deno.test("SIGHUP: another --max-size counts at once, and every protocol tells it", async () => {
  await using site = await openSite();
  assertEquals(await send(site, 100), "200");
  site.change("--max-size=50");
  assertEquals(await send(site, 100), "too-large");
  const told = async (path: string, method: string) => {
    const response = await site.app(new Request(`http://localhost${path}`, { method, headers: { "X-File-Id": "x" } }));
    return { text: await response.text(), headers: response.headers };
  };
  assertEquals((await told("/status", "GET")).headers.get("upload-limit"), "max-size=50");
  assertEquals((await told("/files/", "OPTIONS")).headers.get("tus-max-size"), "50");
  assertEquals(JSON.parse((await told("/api/limits", "GET")).text).maxSize, 50);
  site.change();
  assertEquals(await send(site, 100), "200");
});

Deno.test("SIGHUP: a quota, and a limit of all bytes, that were none count what is there", async () => {
  await using site = await openSite();
  assertEquals(await send(site, 100), "200");
  site.change("--quota=150");
  assertEquals(await send(site, 100), "over-quota");
  site.change("--max-total=150");
  assertEquals(await send(site, 100), "over-quota");
  site.change("--max-total=250");
  assertEquals(await send(site, 100), "200");
});

Deno.test("SIGHUP: the limits of unfinished uploads, of their pace, and of folders change", async () => {
  await using site = await openSite();
  const part = { "X-File-Size": "1000" };
  assertEquals(await send(site, 100, part), "200");
  site.change("--max-unfinished=1");
  assertEquals(await send(site, 100, part), "too-many-unfinished");
  site.change("--max-begun=1");
  assertEquals([await send(site, 100), await send(site, 100)], ["200", "too-many-begun"]);
  site.change("--max-folders=1");
  const inFolder = (name: string) => ({ "X-File-Path": `${name}/x` });
  assertEquals([await send(site, 1, inFolder("a")), await send(site, 1, inFolder("b"))], ["200", "too-many-folders"]);
  site.change("--max-folders=none");
  assertEquals([await send(site, 1, inFolder("b")), await send(site, 1, inFolder("c"))], ["200", "200"]);
  site.change("--max-folders=3");
  assertEquals(await send(site, 1, inFolder("d")), "too-many-folders");
});

Deno.test("SIGHUP: the requests of one address, and the space that is left free, change", async () => {
  await using site = await openSite();
  site.change("--min-free=1000TB");
  assertEquals(await send(site, 100), "disk-full");
  site.change("--max-per-address=1");
  const { promise: completed, resolve } = Promise.withResolvers<void>();
  const status = async () => {
    const request = new Request("http://localhost/status", { headers: { "X-File-Id": "x" } });
    const response = await site.app(request, { remoteAddr, completed });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await status(), await status()], [200, 503]);
  site.change();
  assertEquals(await status(), 200);
  resolve();
});

Deno.test("SIGHUP: allowed hosts and origins change", async () => {
  await using site = await openSite();
  const ask = async (host: string, init: RequestInit = { headers: { "X-File-Id": "x" } }, path = "/status") => {
    const response = await site.app(new Request(`http://${host}${path}`, init));
    await response.body?.cancel();
    return response;
  };
  const page = { headers: { "X-File-Id": "x", "Origin": "https://a.example" } };
  const allowed = async () => (await ask("localhost", page)).headers.get("access-control-allow-origin");
  const shown = async () =>
    (await ask("localhost", {}, "/files/AAAAAAAAAAAAAAAAAAAAAA")).headers.get("cross-origin-resource-policy");
  assertEquals([(await ask("up.example")).status, await allowed(), await shown()], [421, null, "same-origin"]);
  site.change("--allow-host=up.example", "--allow-origin=https://a.example");
  assertEquals([(await ask("up.example", page)).status, await allowed()], [200, "https://a.example"]);
  site.change("--allow-origin=*");
  assertEquals([(await ask("up.example")).status, await allowed(), await shown()], [421, "*", "cross-origin"]);
});

Deno.test("SIGHUP: another --expire-after counts for uploads that are there", async () => {
  await using site = await openSite("--expire-after=1h");
  const headers = { "X-File-Id": "part", "X-File-Size": "1000" };
  assertEquals(await send(site, 100, headers), "200");
  const hours = async () => {
    const { headers: told } = await site.app(new Request("http://localhost/status", { headers }));
    return Math.round((Date.parse(told.get("upload-expires")!) - Date.now()) / 3_600_000);
  };
  assertEquals(await hours(), 1);
  site.change("--expire-after=5h");
  assertEquals(await hours(), 5);
});

Deno.test("SIGHUP: another --idle-timeout counts for the next body, and not for one that is coming", async () => {
  await using site = await openSite();
  const sendSlowly = (id: string) => {
    const coming = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
    const writer = coming.writable.getWriter();
    writer.write(new Uint8Array(10)).catch(() => {});
    const headers = { "X-File-Id": id, "X-File-Size": "20" };
    const answer = site.app(
      new Request("http://localhost/upload", { method: "POST", headers, body: coming.readable }),
    );
    return { answer: answer.then((response) => response.text()), end: () => writer.close() };
  };
  const first = sendSlowly("first");
  await untilReceived(site.data, 10);
  site.change("--idle-timeout=30ms");
  const second = sendSlowly("second");
  assertMatch(await second.answer, /sent nothing|10/);
  await second.end();
  await first.end();
  assertEquals(await first.answer, "10");
});
