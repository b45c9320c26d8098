import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { samplesIn } from "../support/metrics.ts";
import { startServer } from "../support/pawl.ts";
import { promtool, promtoolTest } from "../support/promtool.ts";
import { tempDir } from "../support/temp_dir.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

const alerts = await read("deploy/alerts.yml");
const names = [...alerts.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = ""]) => name);

/** One panel of the dashboard, as far as the tests look at it. */
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(await read("deploy/grafana.json"));
/** The expressions of the dashboard, with values in the place of Grafana's variables. */
const expressions = dashboard.panels.flatMap(({ targets = [] }) =>
  targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*"))
);

/** The metrics of a server that has received a file, asked a wrong way too. */
async function metricsText(): Promise<string> {
  await using server = await startServer({ certificateExpiresAt: () => 0 });
  const sent = await fetch(`${server.url}upload`, { method: "POST", headers: { "X-File-Id": "a" }, body: "abc" });
  await sent.body?.cancel();
  await (await fetch(`${server.url}nothing`)).body?.cancel();
  return await (await fetch(`${server.url}metrics`)).text();
}

promtoolTest("promtool finds nothing to say about the names, units and texts of the metrics", async () => {
  assertEquals(await promtool(["check", "metrics"], { input: await metricsText() }), { code: 0, output: "" });
});

promtoolTest("promtool does find a metric that is named against Prometheus' guide", async () => {
  const { code } = await promtool(["check", "metrics"], { input: "# TYPE bad counter\nbad 1\n" });
  assertNotEquals(code, 0);
});

promtoolTest("promtool takes the alert rules", async () => {
  const { code, output } = await promtool(["check", "rules", "deploy/alerts.yml"], { folder: root });
  assertEquals([code, output.includes(`${names.length} rules found`)], [0, true], output);
});

promtoolTest("each alert fires when it should, and not otherwise", async () => {
  const { code, output } = await promtool(["test", "rules", "tests/deploy/alerts_cases.yml"], { folder: root });
  assertEquals(code, 0, output);
});

promtoolTest("the configuration in docs/operations.md is one that Prometheus takes", async () => {
  await using dir = await tempDir();
  const [, config = ""] = /^```yaml\n(.*?)^```$/ms.exec(await read("docs/operations.md")) ?? [];
  await Deno.writeTextFile(join(dir.path, "prometheus.yml"), config);
  await Deno.writeTextFile(join(dir.path, "alerts.yml"), alerts);
  const { code, output } = await promtool(["check", "config", "prometheus.yml"], { folder: dir.path });
  assertEquals([code, /SUCCESS: \d+ rules found/.test(output)], [0, true], output);
});

promtoolTest("every expression of the dashboard is one that Prometheus can read", async () => {
  await using dir = await tempDir();
  const rules = expressions.map((expr, at) => ({ record: `panel:${at}`, expr }));
  // JSON is YAML too.
  await Deno.writeTextFile(join(dir.path, "rules.yml"), JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  const { code, output } = await promtool(["check", "rules", "rules.yml"], { folder: dir.path });
  assertEquals(code, 0, output);
});

Deno.test("every alert is tested both ways, and explained in docs/operations.md", async () => {
  const [cases, docs] = await Promise.all([read("tests/deploy/alerts_cases.yml"), read("docs/operations.md")]);
  assert(names.length > 0);
  for (const name of names) {
    for (const what of ["fires", "is quiet"]) assert(cases.includes(`- name: ${name} ${what}\n`), `${name} ${what}`);
  }
  const explained = [...docs.matchAll(/^### (Pawl\w+)$/gm)].map(([, name]) => name);
  assertEquals(explained, names);
});

Deno.test("alerts and dashboard name metrics that there are, and the docs name every metric", async () => {
  const there = new Set([...samplesIn(await metricsText()).keys()].map((name) => name.replace(/\{.*/, "")));
  const named = (text: string) => [...text.matchAll(/\b(?:pawl|process)_\w+/g)].map(([name]) => name);
  for (const name of [...named(alerts), ...expressions.flatMap(named)]) assert(there.has(name), name);
  const docs = new Set(named(await read("docs/operations.md")));
  const metrics = new Set([...there].map((name) => name.replace(/_seconds_(?:bucket|sum|count)$/, "_seconds")));
  assertEquals([...metrics].filter((name) => !docs.has(name)), []);
  for (const name of docs) assert(metrics.has(name) || there.has(name), name);
});

Deno.test("the dashboard's panels have ids and titles of their own", () => {
  const { panels } = dashboard;
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  assertEquals(new Set(panels.map(({ title }) => title)).size, panels.length);
});
