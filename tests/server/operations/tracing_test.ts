import { assert, assertEquals } from "@std/assert";
import { createMetrics } from "../../../server/operations/metrics.ts";
import { safeAttribute } from "../../../server/operations/span_secrets.ts";
import { hasRuntimeMetrics, openTracer, readsBaggage, traced } from "../../../server/operations/tracing.ts";

Deno.test("without OTEL_DENO nothing is put between the server and its metrics", () => {
  const metrics = createMetrics();
  assertEquals([openTracer(), hasRuntimeMetrics(), readsBaggage()], [undefined, false, false]);
  assert(traced(metrics, undefined, Date.now) === metrics);
});

Deno.test("of what the runtime writes into a span no path, no query and no endless text gets out", () => {
  const rows: [key: string, value: string, safe: string | undefined][] = [
    ["url.path", "/d/secret", undefined],
    ["url.query", "token=secret", undefined],
    ["url.full", "https://me:secret@hooks.example:8443/secret?key=secret#secret", "https://hooks.example:8443"],
    ["url.full", "no address", undefined],
    ["url.full", `http://${"a".repeat(60_000)}/`, `http://${"a".repeat(193)}`],
    ["url.scheme", "http", "http"],
    [
      "exception.message",
      "Cannot post to (https://a.example/secret?x=secret): reset",
      "Cannot post to (https://a.example/…): reset",
    ],
    ["http.request.method", "PATCH", "PATCH"],
    ["http.request.method", "B".repeat(60_000), "_OTHER"],
    ["http.response.status_code", "503", "503"],
  ];
  for (const [key, value, safe] of rows) assertEquals([key, safeAttribute(key, value)], [key, safe]);
});
