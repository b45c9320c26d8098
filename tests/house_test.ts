import { assertEquals } from "@std/assert";
import { circles, type Imports, importsOf, levelOf } from "./support/imports.ts";

/** The rooms of each house, the lowest first: a file imports from its own room and from rooms before it. */
const SERVER = [
  "server/{defined,errors,in_time,log_lines,log_writer,write_whole,log,networks}",
  "server/config",
  "server/tls",
  "server/model",
  "server/storage",
  "server/storage/kv",
  "server/storage/disk",
  "server/storage/shared",
  "server/storage/postgres",
  "server/storage/s3",
  "server/receiving",
  "server/uploads",
  "server/hooks",
  "server/page",
  "server/http",
  "server/operations",
  "server/access",
  "server/protocols",
  "server/protocols/form",
  "server/protocols/tus",
  "server/protocols/ietf",
  "server/upkeep",
  "server/send",
  "server/doctor",
  "server/commands",
  "server",
];
const CLIENT = [
  "client/async",
  "client/memory",
  "client/protocol",
  "client/upload",
  "client/queue",
  "client",
  "client/languages",
  "client/page",
];

/** Describes each import that runs up. */
function upward(imports: Imports, rooms: readonly string[]): string[] {
  return [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => levelOf(target, rooms) > levelOf(file, rooms))
      .map((target) => `${file} imports ${target}, which lies above it`)
  );
}

for (const [house, rooms] of [["server", SERVER], ["client", CLIENT]] as const) {
  Deno.test(`every file of ${house}/ lies in a room`, async () => {
    const files = [...(await importsOf(house)).keys()];
    assertEquals(files.filter((file) => levelOf(file, rooms) < 0), []);
  });

  Deno.test(`no import in ${house}/ runs up`, async () => {
    assertEquals(upward(await importsOf(house), rooms), []);
  });

  Deno.test(`no files of ${house}/ import each other in a circle`, async () => {
    assertEquals(circles(await importsOf(house)), []);
  });
}

Deno.test("the map names every room", async () => {
  const map = await Deno.readTextFile(new URL("../docs/architecture.md", import.meta.url));
  const rooms = [...SERVER, ...CLIENT].filter((room) => /^\w+\/[\w/]+$/.test(room));
  assertEquals(rooms.filter((room) => !map.includes(`\`${room.slice(room.indexOf("/") + 1)}/\``)), []);
});

Deno.test("the page knows the library by its public face alone", async () => {
  const page = [...await importsOf("client")].filter(([file]) => file.startsWith("client/page/"));
  const doors = /^client\/(page\/\w+|languages\/\w+|mod)\.ts$/;
  assertEquals(page.flatMap(([file, targets]) => targets.filter((to) => !doors.test(to)).map((to) => [file, to])), []);
});

Deno.test("a circle of imports, and an import that runs up, are found", () => {
  const imports: Imports = new Map([
    ["a/one.ts", ["b/two.ts"]],
    ["b/two.ts", ["b/three.ts"]],
    ["b/three.ts", ["a/one.ts"]],
    ["b/four.ts", ["b/two.ts"]],
  ]);
  assertEquals(circles(imports), [["a/one.ts", "b/three.ts", "b/two.ts"]]);
  assertEquals(upward(imports, ["b", "a"]), ["b/three.ts imports a/one.ts, which lies above it"]);
});

Deno.test("the tests have the packages of the server in the same versions", async () => {
  const importsIn = async (path: string): Promise<Record<string, string>> =>
    JSON.parse(await Deno.readTextFile(new URL(`../${path}`, import.meta.url))).imports;
  const [server, tests] = [await importsIn("deno.json"), await importsIn("tests/import_map.json")];
  for (const [name, target] of Object.entries(server)) assertEquals([name, tests[name]], [name, target]);
});
