import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse, parseAllDocuments } from "yaml";
import { readConfig, variableOf } from "../../server/config/config.ts";
import { ALL_OPTIONS } from "../../server/config/options.ts";
import { VERSION } from "../../server/config/version.ts";
import { parseDockerfile, variablesOf, wordsOf } from "../support/dockerfile.ts";
import { programTest } from "../support/programs.ts";
import { BUBBLEWRAP, inSandbox, SHIPPED } from "../support/sandbox.ts";

const read = (name: string) => Deno.readTextFile(new URL(`../../deploy/${name}`, import.meta.url));
const dockerfile = parseDockerfile(await read("Dockerfile"));
const compose = parse(await read("compose.yaml"));
const [claim, deployment, service] = parseAllDocuments(await read("kubernetes.yaml")).map((one) => one.toJS());
const all = (name: string) => dockerfile.filter((instruction) => instruction.name === name);
const image = variablesOf(dockerfile);

/** The variables of Pawl in each of the files. */
const given: Record<string, Record<string, string>> = {
  "Dockerfile": pawlOnly(image),
  "compose.yaml": { ...pawlOnly(image), ...compose.services.pawl.environment, PAWL_PUBLIC_URL: "https://a.example" },
  "kubernetes.yaml": {
    ...pawlOnly(image),
    ...Object.fromEntries(containerOf(deployment).env.map(({ name, value }) => [name, value])),
  },
};

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly unknown[];
  readonly securityContext: unknown;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

// deno-lint-ignore no-explicit-any -- a manifest has any form
function containerOf(manifest: any): Container {
  return manifest.spec.template.spec.containers[0];
}

function pawlOnly(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith("PAWL_")));
}

Deno.test("every variable in deploy/ is an option of Pawl, with a value that it can have", () => {
  const known = ALL_OPTIONS.map(({ flag }) => variableOf(flag));
  for (const [file, variables] of Object.entries(given)) {
    assertEquals([file, Object.keys(variables).filter((name) => !known.includes(name))], [file, []]);
    assertEquals([file, readConfig([], (name) => variables[name]).port], [file, 8080]);
  }
});

Deno.test("the Dockerfile copies what the server needs and nothing else, and names one version of Deno", async () => {
  const copied = all("COPY").filter(({ rest }) => !rest.startsWith("--")).flatMap(({ rest }) =>
    rest.split(" ").slice(0, -1)
  );
  assertEquals(copied.toSorted(), SHIPPED.toSorted());
  const sent = (await read("Dockerfile.dockerignore")).split("\n").filter((line) => line.startsWith("!"));
  assertEquals(sent.map((line) => line.slice(1)).toSorted(), SHIPPED.toSorted());
  const versions = all("FROM").map(({ rest }) => /denoland\/deno:(?:distroless-)?([\d.]+)/.exec(rest)?.[1]);
  const [, wanted] = /deno@([\d.]+)/.exec(await Deno.readTextFile(new URL("../../.ci/run", import.meta.url))) ?? [];
  assertEquals(versions, [wanted, wanted]);
});

programTest("the image's command runs with its permissions on a root that nobody can write to, and HEALTHCHECK tells", {
  programs: [BUBBLEWRAP],
  variable: "PAWL_BUBBLEWRAP",
  async run() {
    const [command, health] = [wordsOf(all("ENTRYPOINT")[0]!), wordsOf(all("HEALTHCHECK")[0]!)];
    const layout = {
      deno: command[0]!,
      source: "/app",
      cache: image["DENO_DIR"]!,
      writable: all("VOLUME").map(({ rest }) => rest),
    };
    // Compose gives the server another address, in the same image.
    for (const [variables, asked] of [[given["Dockerfile"]!, { health }], [given["compose.yaml"]!, {}]] as const) {
      const env = { ...image, ...variables };
      const seen = await inSandbox({ command, ...asked, env, url: "http://127.0.0.1:8080" }, layout);
      assertEquals([seen.library, seen.uploaded, seen.downloaded, seen.ready], [200, "Success 10", "some bytes", 200]);
      assertMatch(seen.title, /Pawl/);
      assertEquals(seen.code, 0, seen.output);
      assertEquals(seen.output.split("\n").filter((line) => /"level":"(?:WARN|ERR)|NotCapable/i.test(line)), []);
      const [before, after] = seen.health;
      if (!("health" in asked)) continue;
      assertEquals(before, [0, "http://127.0.0.1:8080 is well"]);
      assertEquals(after?.[0], 1);
      assertMatch(after?.[1] ?? "", /^http:\/\/127\.0\.0\.1:8080 does not answer: [^\n]+$/);
    }
  },
});

Deno.test("compose.yaml: Pawl is reached by Caddy alone, without rights, and its files outlive it", () => {
  const { pawl, caddy } = compose.services;
  assertEquals([pawl.network_mode, pawl.ports, pawl.environment.PAWL_HOST], ["service:caddy", undefined, "127.0.0.1"]);
  assertEquals(pawl.environment.PAWL_TRUST_PROXY, "127.0.0.1");
  assertEquals([pawl.read_only, pawl.cap_drop, pawl.privileged], [true, ["ALL"], undefined]);
  assertEquals(caddy.cap_drop, ["ALL"]);
  const named = [pawl, caddy].flatMap(({ volumes }) => volumes as string[]).map((text) => text.split(":")[0]!);
  assertEquals(named.filter((name) => !name.startsWith("./")).toSorted(), Object.keys(compose.volumes).toSorted());
  assert(pawl.volumes.includes(`pawl-data:${image["PAWL_DATA"]}`));
});

Deno.test("kubernetes.yaml: one pod at a time, as nobody, on a read-only root, watched by the right addresses", () => {
  const { spec } = deployment;
  const pod = spec.template.spec;
  const container = containerOf(deployment);
  assertEquals([spec.replicas, spec.strategy.type, pod.enableServiceLinks], [1, "Recreate", false]);
  const [user = "", group = ""] = all("USER")[0]!.rest.split(":");
  assertEquals([pod.securityContext.runAsNonRoot, pod.securityContext.runAsUser], [true, Number(user)]);
  assertEquals([pod.securityContext.runAsGroup, pod.securityContext.fsGroup], [Number(group), Number(group)]);
  assertEquals(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  const { startupProbe, livenessProbe, readinessProbe, ports } = container;
  const probed = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => [httpGet.path, httpGet.port]);
  assertEquals(probed, [["/healthz", "http"], ["/healthz", "http"], ["/readyz", "http"]]);
  assertEquals(ports, [{ name: "http", containerPort: 8080 }]);
  assertEquals(container.volumeMounts, [{ name: "data", mountPath: image["PAWL_DATA"] }]);
  assertEquals(pod.volumes[0].persistentVolumeClaim.claimName, claim.metadata.name);
  assertEquals(service.spec.selector, spec.template.metadata.labels);
  assertEquals(spec.selector.matchLabels, spec.template.metadata.labels);
  assertEquals(container.image.split(":")[1], VERSION);
});

Deno.test("a stop has more time everywhere than the server takes for it, and descriptors are plenty", () => {
  const { pawl } = compose.services;
  assertEquals([pawl.stop_grace_period, deployment.spec.template.spec.terminationGracePeriodSeconds], ["20s", 20]);
  assertEquals(pawl.ulimits.nofile, { soft: 65536, hard: 65536 });
});
