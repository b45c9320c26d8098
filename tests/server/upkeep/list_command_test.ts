import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../server/config/config.ts";
import { completed, newUpload, type ReceivingUpload } from "../../../server/model/upload.ts";
import { readArguments } from "../../../server/upkeep/arguments.ts";
import { ageText, LIST_HEAD, LIST_SYNTAX, listJson, listLine } from "../../../server/upkeep/list_command.ts";

const HOUR = 3_600_000;
const BEGUN = Date.UTC(2026, 10, 1);

function unfinished(facts: Partial<ReceivingUpload> = {}): ReceivingUpload {
  const at = { id: "A".repeat(22), now: BEGUN, serviceNow: 0, expireAfterMs: 1, boot: "b", durable: true };
  return {
    ...newUpload({ owner: "anna", name: "film.mkv", folders: ["a", "b"], length: 500 }, at),
    offset: 70,
    ...facts,
  };
}

Deno.test("a line of the list has state, age, offset, size, owner, id and path under their names", () => {
  assertEquals(LIST_HEAD.split(/ +/), ["STATE", "AGE", "OFFSET", "SIZE", "OWNER", "ID", "PATH"]);
  const line = listLine(unfinished(), BEGUN + 5 * HOUR);
  assertEquals(line.split(/ +/), ["unfinished", "5h", "70", "500", "anna", "A".repeat(22), "a/b/film.mkv"]);
  for (const name of ["OWNER", "ID", "PATH"]) assertEquals(line[LIST_HEAD.indexOf(name) - 1], " ");
  const { length: _, ...unknown } = unfinished();
  assertEquals(listLine(unknown, BEGUN).split(/ +/)[3], "-");
  const whole = completed(unfinished({ offset: 500 }), "a/film (2).mkv", BEGUN);
  assertEquals(listLine(whole, BEGUN).split(/ +/).slice(0, 4), ["finished", "0s", "500", "500"]);
});

Deno.test("no text of a record can forge a line of the list", () => {
  assertEquals(listLine(unfinished({ name: "a\nfinished\x1b[2K" }), BEGUN).includes("a/b/a?finished?[2K"), true);
});

Deno.test("no client's id moves the cursor of a terminal", () => {
  const json = listJson(unfinished({ clientId: "a\x9b2J\x1b[2K\x7f" }));
  assertEquals([/\p{Cc}/u.test(json), JSON.parse(json).clientId], [false, "a\x9b2J\x1b[2K\x7f"]);
});

Deno.test("a line as JSON has the words of the API", () => {
  assertEquals(JSON.parse(listJson(unfinished({ clientId: "mine" }))), {
    id: "A".repeat(22),
    state: "unfinished",
    owner: "anna",
    path: "a/b/film.mkv",
    offset: 70,
    length: 500,
    clientId: "mine",
    createdAt: "2026-11-01T00:00:00.000Z",
  });
  const whole = JSON.parse(listJson(completed(unfinished({ offset: 500 }), "x", BEGUN + HOUR)));
  assertEquals([whole.state, whole.path, whole.finishedAt], ["finished", "x", "2026-11-01T01:00:00.000Z"]);
});

Deno.test("an age is told in its largest whole unit", () => {
  const ages = [-1, 59_999, 60_000, HOUR - 1, HOUR, 24 * HOUR - 1, 24 * HOUR, 400 * 24 * HOUR].map(ageText);
  assertEquals(ages, ["0s", "59s", "1m", "59m", "1h", "23h", "1d", "400d"]);
});

Deno.test("arguments of a command about the data: the folder, switches, and nothing unknown", () => {
  const read = (syntax: typeof LIST_SYNTAX, args: string[], env: Record<string, string> = {}) =>
    readArguments(syntax, args, (name) => env[name]);
  const folder = { name: "backup", switches: ["x"], operands: ["DIR"] };
  assertEquals(read(LIST_SYNTAX, ["--json", "--data", "/d"]), {
    data: "/d",
    switches: new Set(["json"]),
    values: new Map(),
    operands: [],
  });
  assertEquals(read(LIST_SYNTAX, [], { PAWL_DATA: "/e" }), {
    data: "/e",
    switches: new Set<string>(),
    values: new Map(),
    operands: [],
  });
  assertEquals(read(folder, ["to", "--data=/d"]), {
    data: "/d",
    switches: new Set<string>(),
    values: new Map(),
    operands: ["to"],
  });
  assertEquals(read(folder, ["--help"]), "help");
  for (const args of [[], ["a", "b"], [""]]) {
    assertThrows(() => read(folder, args), ConfigError, "Say backup DIR: see backup --help");
  }
  assertThrows(() => read(LIST_SYNTAX, ["--json=no"]), ConfigError, '--json cannot be "no": give --json alone');
  assertEquals(read(folder, ["to", "--x=false", "--data=/d"]), read(folder, ["to", "--data=/d"]));
  assertThrows(() => read(LIST_SYNTAX, ["--jsn"]), ConfigError, 'Unknown argument "--jsn": see list --help');
});
