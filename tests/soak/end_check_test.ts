import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sourceOf } from "../support/sources.ts";
import { startSite } from "../support/test_site.ts";
import { Account, Promises } from "./account.ts";
import { checkAll } from "./end_check.ts";
import type { Town, Unfinished } from "./town.ts";

const SIZE = 5000;

/** Sends bytes of a source, gives where the upload is. */
async function send(url: string, id: string, bytes: number): Promise<{ location: string }> {
  const body = sourceOf(1, SIZE).bytes().slice(0, bytes);
  const headers = { "X-File-Id": id, "X-File-Size": String(SIZE) };
  const answer = await fetch(`${url}/upload`, { method: "POST", headers, body });
  await answer.body?.cancel();
  return { location: answer.headers.get("location")! };
}

/** A site with a finished and an unfinished file, and the town that holds the server to both. */
async function soaked() {
  const site = await startSite();
  const account = new Account(() => {});
  const { url, port } = site.pawl;
  const source = sourceOf(1, SIZE);
  const finished = await send(url, "whole", SIZE);
  const half = await send(url, "half", 3000);
  const promises = new Promises(account, "half");
  [promises.sent, promises.acknowledged] = [3000, 3000];
  const unfinished: Unfinished = {
    file: { id: "half", name: "half", source },
    promises,
    location: half.location,
    isFinished: false,
    about: "half",
    async askIn() {
      const answer = await fetch(`${url}/status`, { headers: { "X-File-Id": "half" } });
      const offset = Number(await answer.text());
      return promises.take(offset) ? { offset, isComplete: false, location: half.location } : undefined;
    },
  };
  const town: Town = {
    port,
    account,
    stop: new AbortController().signal,
    kept: [{ source, about: "whole", location: finished.location }],
    deleting: [],
    unfinished: [unfinished],
  };
  const places = {
    whole: join(site.data, "files/whole"),
    half: join(site.data, "incoming", half.location.split("/").at(-1)!),
  };
  return { site, town, places };
}

/** Damages a file on the server's disk. */
const DAMAGES: Record<string, (path: string) => Promise<void>> = {
  "one byte is another one": async (path) => {
    const bytes = await Deno.readFile(path);
    bytes[1234]! ^= 1;
    await Deno.writeFile(path, bytes);
  },
  "the last byte is gone": (path) => Deno.truncate(path, Deno.statSync(path).size - 1),
};

Deno.test("the end of a soak finds each lost byte, and finds nothing where none is lost", async () => {
  const { site, town, places } = await soaked();
  await using _ = site;
  const { account } = town;
  await checkAll(town, site.data, { patienceMs: 3000 });
  assertEquals(account.faults, []);
  for (const [what, damage] of Object.entries(DAMAGES)) {
    for (const [name, path] of Object.entries(places)) {
      const before = await Deno.readFile(path);
      await damage(path);
      await checkAll(town, site.data, { patienceMs: 3000 });
      const found = account.faults.splice(0).filter((fault) => fault.startsWith(`${name} `));
      assertEquals(found.length, 1, `${name}: ${what}`);
      await Deno.writeFile(path, before);
    }
  }
});

Deno.test("the end of a soak does not wait for ever for a file that never comes whole", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1000));
      await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhalf"));
      connection.close();
    }
  })();
  const account = new Account(() => {});
  const kept = [{ source: sourceOf(1, SIZE), about: "whole", location: "/files/x" }];
  const { port } = listener.addr;
  const town: Town = { port, account, stop: new AbortController().signal, kept, deleting: [], unfinished: [] };
  await checkAll(town, "/nowhere", { patienceMs: 500 });
  assertEquals(account.faults, ["whole never comes whole"]);
  listener.close();
  await serving.catch(() => {});
});
