import { assert, assertEquals } from "@std/assert";
import { parse, parseAllDocuments } from "yaml";
import { ConfigError, readConfig, variableOf } from "../../server/config/config.ts";
import { ALL_OPTIONS, secretFileOf } from "../../server/config/options.ts";
import { VERSION } from "../../server/config/version.ts";
import { parseDockerfile, variablesOf, wordsOf } from "../support/dockerfile.ts";

const read = (name: string) => Deno.readTextFile(new URL(`../../deploy/${name}`, import.meta.url));
const dockerfile = parseDockerfile(await read("Dockerfile"));
const compose = parse(await read("compose.many.yaml"), { merge: true });
const [secret, deployment, budget, service] = parseAllDocuments(await read("kubernetes.many.yaml"))
  .map((one) => one.toJS());
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const instances = [compose.services["pawl-1"], compose.services["pawl-2"]];
const variables: Record<string, Record<string, string>> = {
  "compose.many.yaml": instances[0].environment,
  "kubernetes.many.yaml": Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  ),
};

Deno.test("every variable for many instances is an option, or the file of a secret one, and none holds a secret", () => {
  const known = ALL_OPTIONS.flatMap((option) => [variableOf(option.flag), secretFileOf(option)]);
  for (const [file, given] of Object.entries(variables)) {
    assertEquals([file, Object.keys(given).filter((name) => !known.includes(name))], [file, []]);
    assertEquals(Object.keys(given).filter((name) => /DATABASE|BUCKET/.test(name)), [
      "PAWL_DATABASE_FILE",
      "PAWL_BUCKET_FILE",
    ]);
    const all: Record<string, string> = {
      ...variablesOf(dockerfile),
      ...given,
      PAWL_PUBLIC_URL: "https://a.example",
      PAWL_DATABASE: "postgres://pawl:x@postgres/pawl",
      PAWL_BUCKET: "http://key:secret@s3:8333/uploads",
    };
    assertEquals([file, readConfig([], (name) => all[name]).port], [file, 8080]);
  }
  // Both or none.
  try {
    readConfig([], (name) => name === "PAWL_DATABASE" ? "postgres://a/b" : undefined);
    assert(false, "a database without a bucket was taken");
  } catch (error) {
    assert(error instanceof ConfigError);
  }
});

Deno.test("the secrets of compose.many.yaml are all there, and each file is named in its first lines", async () => {
  const text = await read("compose.many.yaml");
  for (const [name, { file }] of Object.entries<{ file: string }>(compose.secrets)) {
    assert(text.split("\n").slice(0, 10).join("\n").includes(`deploy/${file.slice(2)}`), name);
  }
  const [, page] = /s3\.json as (\S+\.md) has it/.exec(text)!;
  assert((await read(`../${page}`)).includes('"identities"'), page);
  for (const { secrets, environment, read_only, cap_drop, ports } of instances) {
    assertEquals([secrets, read_only, cap_drop, ports], [["database", "bucket"], true, ["ALL"], undefined]);
    assertEquals(environment.PAWL_TRUST_PROXY, compose.networks.default.ipam.config[0].subnet);
  }
  const used = Object.values<{ volumes?: string[] }>(compose.services).flatMap(({ volumes = [] }) => volumes)
    .map((volume) => volume.split(":")[0]!).filter((name) => !name.startsWith("./"));
  assertEquals(used.toSorted(), Object.keys(compose.volumes).toSorted());
});

Deno.test("the command for many instances is the image's, with the rights that its stores need", () => {
  const [image] = dockerfile.filter(({ name }) => name === "ENTRYPOINT").map(wordsOf);
  const without = (words: readonly string[]) => words.filter((word) => !word.startsWith("--allow-"));
  for (
    const [words, secrets] of [[instances[0].entrypoint, "/run/secrets"], [
      container.command,
      "/run/stores,/var/run/secrets",
    ]]
  ) {
    assertEquals(without(words), without(image!));
    const allowed = words.filter((word: string) => word.startsWith("--allow-"));
    assertEquals(allowed, [
      "--allow-net",
      `--allow-read=/app/static,/app/client,/data,${secrets}`,
      "--allow-write=/data",
      "--allow-env=PAWL_*,PG*,AWS_*,HOME",
      "--allow-sys=statfs",
    ]);
  }
});

Deno.test("kubernetes.many.yaml: one pod after the other is replaced, each ends in peace, and nothing is kept in it", () => {
  const { spec } = deployment;
  assert(spec.replicas >= 2);
  assertEquals(spec.strategy, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  assertEquals([budget.kind, budget.spec.maxUnavailable], ["PodDisruptionBudget", 1]);
  const labels = spec.template.metadata.labels;
  assertEquals([budget.spec.selector.matchLabels, spec.selector.matchLabels, service.spec.selector], [
    labels,
    labels,
    labels,
  ]);
  // The server itself takes 20 seconds at most (containers_test.ts).
  const { seconds } = container.lifecycle.preStop.sleep;
  assert(pod.terminationGracePeriodSeconds >= 20 + seconds);
  assertEquals(container.readinessProbe.httpGet, { path: "/readyz", port: "http" });
  assertEquals(pod.volumes, [
    { name: "stores", secret: { secretName: secret.metadata.name, defaultMode: 0o440 } },
  ]);
  assertEquals(container.volumeMounts, [{ name: "stores", mountPath: "/run/stores", readOnly: true }]);
  for (const [name, file] of [["database", "PAWL_DATABASE_FILE"], ["bucket", "PAWL_BUCKET_FILE"]] as const) {
    assert(typeof secret.stringData[name] === "string");
    assertEquals(variables["kubernetes.many.yaml"]![file], `/run/stores/${name}`);
  }
  assertEquals(container.securityContext.readOnlyRootFilesystem, true);
  assertEquals([pod.enableServiceLinks, pod.securityContext.runAsNonRoot], [false, true]);
  assertEquals(container.image.split(":")[1], VERSION);
});

Deno.test("each instance of compose.many.yaml keeps its address, which no other container can get", () => {
  const [{ subnet, ip_range: others }] = compose.networks.default.ipam.config;
  const addresses: string[] = instances.map(({ networks }) => networks.default.ipv4_address);
  const numberOf = (address: string) => address.split(".").reduce((sum, each) => 256 * sum + Number(each), 0);
  const isIn = (address: string, network: string) => {
    const [first, bits] = network.split("/") as [string, string];
    const size = 2 ** (32 - Number(bits));
    return Math.floor(numberOf(address) / size) === Math.floor(numberOf(first) / size);
  };
  assertEquals(new Set(addresses).size, 2);
  assertEquals(addresses.map((address) => [isIn(address, subnet), isIn(address, others)]), [[true, false], [
    true,
    false,
  ]]);
});

Deno.test("nginx-many.conf has the lines of nginx.conf, no sticky sessions, and repeats no body", async () => {
  const [many, one] = await Promise.all([read("proxies/nginx-many.conf"), read("proxies/nginx.conf")]);
  const lines = (text: string) =>
    text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  const missing = lines(one).filter((line) => !lines(many).includes(line));
  assertEquals(missing, ["server 127.0.0.1:8080;"]);
  assertEquals(/ip_hash|hash |sticky/.test(lines(many).join("\n")), false);
  assert(lines(many).includes("proxy_next_upstream error;"));
});
