import { assert, assertEquals } from "@std/assert";
import { runDoctor, SHORT_PLAN } from "../support/doctor.ts";
import { startNginxBefore } from "../support/nginx_proxy.ts";
import { startServer } from "../support/pawl.ts";
import { nginxTest } from "../support/with_nginx.ts";

nginxTest("the doctor finds what nginx does by default, and nothing once its lines are there", async () => {
  await using pawl = await startServer();
  await using plain = await startNginxBefore(pawl.port);
  const plan = { ...SHORT_PLAN, settleMs: 1000, largeBytes: 2 ** 21 };
  const found = await runDoctor([plain.url], { plan });
  assertEquals([found.code, found.codes], [1, ["changes-host", "buffers-requests", "limits-size"]]);
  const { limit, cut } = found.json.seen;
  assert(limit.bytes <= 2 ** 20 && limit.below > 2 ** 20, JSON.stringify(limit));
  assertEquals([limit.status, cut.safe, found.json.proxy], [413, 0, "nginx"]);

  // These very lines are what the findings tell.
  const told: string[] = found.json.findings.flatMap(({ remedy }: { remedy: { lines: { nginx: string[] } } }) =>
    remedy.lines.nginx
  );
  await using mended = await startNginxBefore(pawl.port, [...new Set(told)].join("\n"));
  const healthy = await runDoctor([mended.url], { plan: { ...plan, settleMs: 20_000 } });
  assertEquals([healthy.code, healthy.codes], [0, []]);
  assertEquals([await pawl.finishedNames(), await pawl.incomingNames()], [[], []]);
});

nginxTest("the doctor finds that nginx breaks on an interim response, and says how Pawl sends none", async () => {
  const plan = { ...SHORT_PLAN, cutBytes: 0, largeBytes: 0, announcedBytes: 0 };
  const found = async (settings: string, interim: "auto" | "off", listener: "deno" | "node" = "node") => {
    await using pawl = await startServer({ listener, interim });
    await using nginx = await startNginxBefore(pawl.port, settings);
    const { json, codes } = await runDoctor([nginx.url], { plan });
    assertEquals([json.remaining, await pawl.finishedNames(), await pawl.incomingNames()], [[], [], []]);
    return [json.seen.interim, ...codes];
  };
  const host = "proxy_set_header Host $http_host;";
  // nginx asks by HTTP/1.0, which has no interim responses.
  assertEquals(await found(host, "auto"), ["none"]);
  const newer = `${host} proxy_http_version 1.1;`;
  assertEquals(await found(newer, "auto"), ["as-answer", "breaks-interim"]);
  const kept = `${newer} proxy_set_header Connection "";`;
  assertEquals(await found(kept, "auto"), ["no-answer", "breaks-interim"]);
  assertEquals(await found(kept, "off"), ["none"]);
  assertEquals(await found(kept, "auto", "deno"), ["none"]);
});

nginxTest("the doctor hears of nginx that ends a silent body", async () => {
  await using pawl = await startServer();
  await using nginx = await startNginxBefore(pawl.port, "client_body_timeout 1s; proxy_request_buffering off;");
  const plan = { ...SHORT_PLAN, cutBytes: 0, largeBytes: 0, announcedBytes: 0, silenceMs: 100_000 };
  const found = await runDoctor([nginx.url], { plan });
  assertEquals(found.codes, ["changes-host", "ends-silent-bodies"]);
});
