import { assertEquals } from "@std/assert";
import { startCollector } from "./support/collector.ts";
import { runLink } from "./support/commands.ts";
import { type Line, linesOf } from "./support/form.ts";
import { startPawl } from "./support/process.ts";
import { connect } from "./support/raw.ts";
import { SECRET } from "./support/receiver.ts";
import { tempDir } from "./support/temp_dir.ts";
import { bearer } from "./support/tokens.ts";
import { until } from "./support/until.ts";

const TUS = { "Tus-Resumable": "1.0.0" };
const IN_LINK = /#token=(pawl_[\w-]{43})/;

Deno.test("with OTEL_DENO=true each request is a span with its route and upload, and no secret leaves", async () => {
  await using dir = await tempDir();
  await using collector = startCollector();
  const args = ["--host", "0.0.0.0", "--quota", "1MB", "--webhook-allow-private"];
  await using pawl = await startPawl(dir.path, {
    // Nothing listens at port 1.
    args: [...args, "--webhook", "http://127.0.0.1:1/services/HOOK-PATH?key=HOOK-KEY"],
    env: { ...collector.env, PAWL_WEBHOOK_SECRET: SECRET },
  });
  await until(() => IN_LINK.test(pawl.output()), "the link to sign in by is printed");
  const [, token = ""] = IN_LINK.exec(pawl.output()) ?? [];
  const given = await runLink(["add", "--folder", "inbox", "--data", dir.path], {
    PAWL_PUBLIC_URL: "https://up.example",
  });
  const secret = given.printed.split("/").at(-1)!;
  const ask = async (line: string, headers: Record<string, string> = {}, body?: BodyInit) => {
    const [method = "", path] = line.split(" ");
    const init = { method, headers: { ...bearer(token), ...headers }, ...body !== undefined && { body } };
    const response = await fetch(`http://127.0.0.1:${pawl.port}${path}`, init);
    return { status: response.status, text: await response.text(), location: response.headers.get("location") ?? "" };
  };
  const idOf = ({ location }: { readonly location?: string }) => location?.split("/").at(-1) ?? "";

  const simple = await ask("POST /upload", { "X-File-Id": "a", "X-File-Size": "3", "X-Request-Id": token }, "abc");
  const tus = await ask("POST /files/", { ...TUS, "Upload-Length": "3" });
  const patch = { ...TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
  assertEquals((await ask(`PATCH /files/${idOf(tus)}`, patch, "abc")).status, 204);
  const files = new FormData();
  for (const name of ["one", "two"]) files.append("file", new File([name], name));
  const form = linesOf((await ask("POST /upload", { "Accept": "application/jsonl" }, files)).text)
    .filter(({ location }: Line) => location !== undefined);
  const large = { "X-File-Id": "b", "X-File-Size": "2000000" };
  assertEquals((await ask("POST /upload", large, "abc")).status, 507);
  assertEquals((await ask("GET /files/x")).status, 404);
  assertEquals((await ask(`GET /u/${secret}`)).status, 200);
  assertEquals((await ask(`GET /d/${secret.replace("pawl_", "")}?password=PASSWORD`)).status, 404);
  assertEquals((await ask(`GET /status?token=${token}`, { "X-File-Id": "a" })).status, 200);
  using raw = await connect(pawl.port);
  await raw.send(`BREW /${token} HTTP/1.1\r\nHost: [a\r\n\r\n`);
  assertEquals((await raw.answer()).status, 400);
  await until(() => pawl.output().includes("did not take"), "the webhook was tried");
  await until(() => pawl.output().includes("set OTEL_DENO_METRICS=false"), "the start warns");
  await until(() => pawl.output().includes("set OTEL_PROPAGATORS=tracecontext"), "it warns of baggage, too");
  assertEquals(await pawl.stop("SIGTERM"), 0);

  const spans = collector.spans.filter(({ kind }) => kind === "server");
  const facts = spans.map(({ name, isError, attributes }) =>
    [name, attributes["http.route"], attributes["pawl.outcome"], attributes["pawl.upload.id"] ?? "", isError] as const
  );
  assertEquals(facts, [
    ["POST /upload", "/upload", "ok", idOf(simple), false],
    ["POST /files/", "/files/", "ok", idOf(tus), false],
    ["PATCH /files/<id>", "/files/<id>", "ok", idOf(tus), false],
    ["POST /upload", "/upload", "ok", "", false],
    ["POST /upload", "/upload", "over-quota", "", true],
    ["GET /files/<other>", "/files/<other>", "not-found", "", false],
    ["GET /u/<secret>", "/u/<secret>", "ok", "", false],
    ["GET /d/<secret>", "/d/<secret>", "not-found", "", false],
    ["GET /status", "/status", "ok", idOf(simple), false],
    ["BREW", undefined, undefined, "", false],
  ]);
  assertEquals(spans.map(({ attributes }) => attributes["url.path"]).slice(2, 8), [
    `/files/${idOf(tus)}`,
    "/upload",
    "/upload",
    "/files/x",
    "/u/<secret>",
    "/d/<secret>",
  ]);
  const finished = (at: number) =>
    collector.spans.filter(({ name, parent }) => name === "finish" && parent === spans[at]!.id)
      .map(({ attributes }) => attributes["pawl.upload.id"]);
  assertEquals([finished(0), finished(1), finished(2)], [[idOf(simple)], [], [idOf(tus)]]);
  assertEquals(finished(3).toSorted(), form.map(idOf).toSorted());
  const [hook] = collector.spans.filter(({ kind }) => kind === "client");
  assertEquals([hook?.attributes["url.full"], hook?.isError], ["http://127.0.0.1:1", true]);

  const secrets = [token, secret, secret.replace("pawl_", ""), "PASSWORD", "HOOK-PATH", "HOOK-KEY", SECRET];
  assertEquals(secrets.filter((text) => collector.text().includes(text)), []);
});
