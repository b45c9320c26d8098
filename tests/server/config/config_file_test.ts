import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { parseCommandLine } from "../../../server/config/command_line.ts";
import { readSettings } from "../../../server/config/config.ts";
import { ConfigError } from "../../../server/config/config_error.ts";
import { parseConfigFile, readConfigFile } from "../../../server/config/config_file.ts";
import { tempDir } from "../../support/temp_dir.ts";

const PATH = "/etc/pawl.json";

Deno.test("a configuration file gives texts as the command line does: of texts, numbers, switches and lists", () => {
  const file = parseConfigFile(
    `{"max-size": "20GiB", "port": 9000, "open": true, "allow-host": ["a", "b"], "allow-origin": []}`,
    PATH,
  );
  assertEquals(file.path, PATH);
  assertEquals([...file.texts], [
    ["max-size", "20GiB"],
    ["port", "9000"],
    ["open", "true"],
    ["allow-host", "a,b"],
    ["allow-origin", "none"],
  ]);
});

Deno.test("a wrong configuration file is told in one line, which names the nearest option", () => {
  const wrong: [string, string][] = [
    ["[]", "/etc/pawl.json must hold a JSON object"],
    ["null", "must hold a JSON object"],
    [`{"max_size": "1GB"}`, `Unknown option "max_size" in /etc/pawl.json: did you mean "max-size"?`],
    [`{"--port": 1}`, `did you mean "port"?`],
    [`{"colour": 1}`, `Unknown option "colour" in /etc/pawl.json: see --help`],
    [`{"config": "other.json"}`, `Unknown option "config"`],
    [`{"port": null}`, `"port" in /etc/pawl.json must be a number from 0 to 65535`],
    [`{"port": [1]}`, `"port" in /etc/pawl.json must be`],
    [`{"allow-host": [1]}`, `"allow-host" in /etc/pawl.json must be names`],
    [`{"quota": {"size": 1}}`, `"quota" in /etc/pawl.json must be a size`],
    [`{"a\\n\\u001b": 1}`, `Unknown option "a\\n\\u001b"`],
  ];
  for (const [text, message] of wrong) assertThrows(() => parseConfigFile(text, PATH), ConfigError, message);
});

Deno.test("a file that is not JSON is refused with the place, and nothing of it is repeated", () => {
  const secret = "a-secret-token-of-many-characters";
  const { message } = assertThrows(
    () => parseConfigFile(`{"token": "${secret}",\n "port": 1,}`, PATH),
    ConfigError,
    "/etc/pawl.json is not JSON (line 2 column 12)",
  );
  assertEquals(message.includes(secret), false);
  assertEquals(
    assertThrows(() => parseConfigFile(`token ${secret}`, PATH), ConfigError, "is not JSON").message.includes("secret"),
    false,
  );
});

Deno.test("readConfigFile() says what hinders it", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.json");
  await assertRejects(() => readConfigFile(path), ConfigError, `Cannot read the file of --config, ${path}: it is not`);
  await assertRejects(() => readConfigFile(dir.path), ConfigError, "Cannot read the file of --config");
  await Deno.writeTextFile(path, `{"port": 1}`);
  assertEquals((await readConfigFile(path)).texts.get("port"), "1");
});

Deno.test("the example in docs/options.md of a configuration file is right", async () => {
  const text = await Deno.readTextFile(new URL("../../../docs/options.md", import.meta.url));
  const [, example = ""] = /^```json\n(\{ "host".*?)```$/ms.exec(text) ?? [];
  const { config } = readSettings(parseCommandLine([]), {
    env: () => undefined,
    file: parseConfigFile(example, PATH),
  });
  assertEquals([config.host, config.allowedHosts, config.accessLog], ["0.0.0.0", ["up.example", "nas.local"], true]);
});
