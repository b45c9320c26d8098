import { assertEquals } from "@std/assert";
import { openAccessSite, type SentHeaders } from "../../../support/access_site.ts";
import { someBytes } from "../../../support/bytes.ts";
import { BOUNDARY, formBytes, linesOf, type SentPart } from "../../../support/form.ts";
import { makeLink, visitorOf } from "../../../support/links.ts";
import { startNginxBefore } from "../../../support/nginx_proxy.ts";
import { openTestApp, startServer } from "../../../support/pawl.ts";
import { connect, head } from "../../../support/raw.ts";
import { simpleClient } from "../../../support/simple_client.ts";
import { until } from "../../../support/until.ts";
import { nginxTest } from "../../../support/with_nginx.ts";

const TYPE = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`, "Accept": "application/jsonl" };

/** Sends a form to a site, and gives status or path of each file, and of the end its status. */
async function send(
  site: Awaited<ReturnType<typeof openAccessSite>>,
  headers: SentHeaders,
  parts: SentPart[],
  address?: string,
) {
  const body = new TextDecoder().decode(formBytes(parts));
  const { text } = await site.ask("POST /upload", { ...TYPE, ...headers }, {
    body,
    ...address !== undefined && { address },
  });
  return linesOf(text);
}

Deno.test("a visitor of an upload link is told the names that it gave, and each file counts for the link", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const link = await makeLink(site, anna, { kind: "upload", folder: "inbox", maxFiles: 2 });
  const part = { name: "mine/a.txt", body: "a" };
  const lines = await send(site, visitorOf(link), [part, part, part]);
  const taken = lines.filter(({ status }) => status === 200);
  assertEquals(taken.map(({ path, parts }) => path ?? parts), ["mine/a.txt", "mine/a.txt", 3]);
  assertEquals(lines.filter(({ error }) => error !== undefined).map(({ status, error }) => [status, error]), [
    [507, "over-quota"],
  ]);
  assertEquals(await site.pawl.finished("inbox/mine/a (2).txt"), new TextEncoder().encode("a"));
});

Deno.test("who may not read is not told of another file by the number in a name", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const scanner = await site.token({ name: "scanner", rights: ["upload"] });
  const part = { name: "a.txt", body: "a" };
  for (const [headers, told] of [[anna, "a.txt"], [scanner, undefined], [anna, "a (3).txt"]] as const) {
    const [line] = await send(site, headers, [part]);
    assertEquals([line?.complete, line?.path], [true, told]);
  }
});

Deno.test("each file of a form counts as begun by its address, and its line says when to try again", async () => {
  await using site = await openAccessSite({ open: true, maxBegunPerSecond: 2 });
  const lines = await send(site, {}, [{ body: "a" }, { body: "b" }, { body: "c" }], "192.0.2.1");
  assertEquals(lines.map(({ status }) => status).sort(), [200, 200, 200, 429]);
  const refused = lines.find(({ error }) => error !== undefined);
  assertEquals([refused?.error, refused?.retryAfter], ["too-many-begun", 1]);
});

Deno.test("a part that defers its length is refused, because nothing would come behind it", async () => {
  await using site = await openAccessSite({});
  const parts = [{ name: "a", body: "a", headers: { "Upload-Defer-Length": "1" } }, { name: "b", body: "b" }];
  const token = await site.token({ name: "anna" });
  const lines = await send(site, token, parts);
  const told = (at: number) => lines.find(({ part }) => part === at);
  assertEquals([told(0)?.error, told(0)?.status, told(1)?.status], ["bad-request", 400, 200]);
});

Deno.test("a file over the owner's quota is refused in its line, small or large", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", quotaBytes: 2_000_000 });
  const anna = await site.token({ name: "anna" });
  const large = "x".repeat(2_000_001);
  const lines = await send(site, anna, [{ body: large }, { body: "x", headers: { "X-File-Size": "2000001" } }, {
    body: "y",
  }]);
  assertEquals(lines.map(({ status, error }) => error ?? status), ["over-quota", "over-quota", 200, 200]);
  assertEquals(await site.pawl.incomingNames(), []);
});

Deno.test("a server that ends tells what came of a form, and keeps what came of the part in the middle", async () => {
  await using pawl = await openTestApp();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const body = writable.getWriter();
  const answer = pawl.app(new Request("http://localhost/upload", { method: "POST", headers: TYPE, body: readable }));
  const form = formBytes([{ name: "a", body: "a" }, { body: "half", headers: { "X-File-Id": "b" } }], { isCut: true });
  await body.write(form);
  await until(async () => (await pawl.finishedNames()).length === 1, "a is stored");
  await pawl.interrupt();
  const response = await answer;
  const [told, cut, end] = linesOf(await response.text());
  assertEquals([told!.path, cut!.status, cut!.offset], ["a", 503, 4]);
  assertEquals([end!.status, end!.error], [503, "shutdown"]);
  assertEquals((await simpleClient(pawl.app).status("b")).text, "4");
  await body.abort().catch(() => {});
});

nginxTest("a form behind nginx, which sends no more of it once its answer has begun, is told to its end", async () => {
  await using server = await startServer({ durable: false, idleMs: 5000 });
  await using nginx = await startNginxBefore(server.port, "client_max_body_size 0;");
  const parts = Array.from({ length: 100 }, (_, index) => ({ name: `${index}`, body: someBytes(60_000, index + 1) }));
  const form = formBytes(parts);
  const response = await fetch(`${nginx.url}/upload`, { method: "POST", headers: TYPE, body: form });
  assertEquals(linesOf(await response.text()).at(-1), { status: 200, parts: 100 });
  // The connection goes on, too.
  using connection = await connect(server.port);
  for (let count = 0; count < 2; count++) {
    await connection.send(
      head("POST /upload", { ...TYPE, "Accept": "text/plain", "Content-Length": form.length }),
    );
    await connection.send(form);
    assertEquals((await connection.answer()).status, 200);
  }
});
