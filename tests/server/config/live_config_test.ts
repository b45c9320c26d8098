import { assertEquals } from "@std/assert";
import { parseCommandLine } from "../../../server/config/command_line.ts";
import { ConfigError, readSettings, type Settings } from "../../../server/config/config.ts";
import { LiveConfig } from "../../../server/config/live_config.ts";
import { createReload } from "../../../server/config/reload.ts";
import { memoryLog } from "../../support/log.ts";

function settings(...args: string[]): Settings {
  return readSettings(parseCommandLine(args), { env: () => undefined });
}

Deno.test("a live configuration takes over what can change, and keeps what needs a restart", () => {
  const live = new LiveConfig(settings("--max-size=1KB", "--port=1"));
  const { config } = live;
  const changes = live.replace(settings("--max-size=2KB", "--port=2", "--allow-host=a"));
  assertEquals([config.maxBytes, config.port, config.allowedHosts], [2000, 1, ["a"]]);
  assertEquals(changes, [
    { flag: "port", before: "1", after: "2", isLive: false },
    { flag: "allow-host", before: "none", after: "a", isLive: true },
    { flag: "max-size", before: "1KB", after: "2KB", isLive: true },
  ]);
});

Deno.test("what needs a restart is told each time, what was taken over once, and another text for one value never", () => {
  const live = new LiveConfig(settings("--max-size=1KB", "--port=1"));
  const next = settings("--max-size=2KB", "--port=2");
  assertEquals([live.replace(next).length, live.replace(next).length], [2, 1]);
  assertEquals(live.replace(settings("--max-size=2000", "--port=1")), []);
});

Deno.test("another port for those who watch the server is a difference too", () => {
  const live = new LiveConfig(settings("--admin-port=9090"));
  assertEquals(live.replace(settings("--admin-port=9090")), []);
  assertEquals(live.replace(settings("--admin-port=9091")), [
    { flag: "admin-port", before: "9090", after: "9091", isLive: false },
  ]);
});

Deno.test("a live configuration has all options, and they cannot be set", () => {
  const { config } = new LiveConfig(settings());
  assertEquals({ ...config }, { ...settings().config });
});

Deno.test("reload() tells each difference in a line, and nothing of a secret", async () => {
  const log = memoryLog();
  const secrets = ["a-secret-token-of-many-characters", "another-token-of-many-characters"];
  const withToken = (token: string | undefined, ...args: string[]) =>
    readSettings(parseCommandLine(args), { env: (name) => name === "PAWL_TOKEN" ? token : undefined });
  const live = new LiveConfig(withToken(secrets[0]));
  let taken = 0;
  const next = withToken(secrets[1], "--port=2", "--quota=1GB", "--log-level=debug");
  const reload = createReload({ live, log, read: () => Promise.resolve(next), onTaken: () => taken++ });
  await reload();
  assertEquals([taken, live.config.logLevel], [1, "debug"]);
  assertEquals(log.lines, [
    "warning: Option port has changed: that needs a restart",
    "warning: Option token has changed: that needs a restart",
    "info: Option quota is 1GB now, and was none",
    "info: Option log-level is debug now, and was info",
  ]);
  assertEquals(secrets.some((secret) => log.lines.join().includes(secret)), false);
});

Deno.test("reload() with wrong options keeps all as they were, says why, and works the next time", async () => {
  const log = memoryLog();
  const live = new LiveConfig(settings("--max-size=1KB"));
  const reads = [
    () => Promise.reject(new ConfigError("pawl.json is not JSON")),
    () => Promise.resolve(settings("--max-size=1KB")),
  ];
  const reload = createReload({ live, log, read: () => reads.shift()!(), onTaken: () => {} });
  await Promise.all([reload(), reload()]);
  assertEquals(live.config.maxBytes, 1000);
  assertEquals(log.lines, [
    "error: Cannot take the options over, so all stay as they were: pawl.json is not JSON",
    "info: Read the options again: nothing has changed",
  ]);
});
