import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { FileLocks } from "../../../server/send/file_locks.ts";
import { cacheFolder, derived, machineSecret } from "../../../server/send/machine.ts";
import { visitorOf } from "../../../server/send/visitor.ts";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test("the cache folder is where each system has it", () => {
  const env = (variables: Record<string, string>) => (name: string) => variables[name];
  assertEquals(cacheFolder(env({ HOME: "/home/a" }), "linux"), "/home/a/.cache/pawl");
  assertEquals(cacheFolder(env({ HOME: "/home/a", XDG_CACHE_HOME: "/c" }), "linux"), "/c/pawl");
  assertEquals(cacheFolder(env({ HOME: "/Users/a" }), "darwin"), "/Users/a/Library/Caches/pawl");
  assertEquals(cacheFolder(env({ LOCALAPPDATA: "/L", HOME: "/x" }), "windows"), "/L/pawl");
  assertEquals(cacheFolder(env({ HOME: "" }), "linux"), undefined);
});

Deno.test("a computer has one secret, also when many programs make it at one time, and only its user can read it", async () => {
  await using dir = await tempDir();
  const folder = join(dir.path, "new", "pawl");
  const made = await Promise.all(Array.from({ length: 10 }, () => machineSecret(folder)));
  assertEquals(new Set(made).size, 1);
  assertMatch(made[0]!, /^[\w-]{43}$/);
  assertEquals(await machineSecret(folder), made[0]);
  assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["secret"]);
  assertEquals((await Deno.stat(join(folder, "secret"))).mode! & 0o777, 0o600);
  await Deno.writeTextFile(join(dir.path, "file"), "");
  assertEquals(await machineSecret(join(dir.path, "file", "pawl")), undefined);
});

Deno.test("a secret that a power cut has emptied, or cut short, is made anew, once for all programs", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "secret");
  for (const left of ["", "a".repeat(42), "not one line\n"]) {
    await Deno.writeTextFile(path, left);
    const made = await Promise.all(Array.from({ length: 10 }, () => machineSecret(dir.path)));
    assertEquals([new Set(made).size, made[0]], [1, await Deno.readTextFile(path)]);
    assertMatch(made[0]!, /^[\w-]{43}$/);
    assertEquals(await Array.fromAsync(Deno.readDir(dir.path), ({ name }) => name), ["secret"]);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  }
});

Deno.test("a folder in the place of the secret ends nothing", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(join(dir.path, "secret"));
  assertEquals(await machineSecret(dir.path), undefined);
});

Deno.test("a link's visitor is the same each time, another one for each link, and tells nothing of the secret", () => {
  const name = (linkSecret: string, secret?: string) => {
    const { headers } = visitorOf({ endpoint: "https://a", linkSecret }, { token: "pawl_t", secret });
    return atob(headers["Authorization"]!.slice(6));
  };
  assertMatch(name("pawl_x", "s"), /^[\w-]{22}:pawl_x$/);
  assertEquals(name("pawl_x", "s"), name("pawl_x", "s"));
  assertNotEquals(name("pawl_x", "s").slice(0, 22), name("pawl_y", "s").slice(0, 22));
  assertNotEquals(name("pawl_x"), name("pawl_x"));
  assertNotEquals(derived("s", "a"), derived("s", "b"));
});

Deno.test("a token goes as Bearer, and ids have a secret part only on a server without tokens", () => {
  const target = { endpoint: "https://a" };
  const byToken = visitorOf(target, { token: "pawl_t", secret: "s" });
  assertEquals([byToken.headers, byToken.idSecret], [{ Authorization: "Bearer pawl_t" }, ""]);
  const open = visitorOf(target, { token: undefined, secret: "s" });
  assertEquals([open.headers, open.idSecret.length], [{}, 22]);
  assertNotEquals(open.idSecret, visitorOf({ endpoint: "https://b" }, { token: undefined, secret: "s" }).idSecret);
});

Deno.test("a lock keeps all others out until it is freed, and leaves nothing behind", async () => {
  await using dir = await tempDir();
  const [one, other] = [new FileLocks(dir.path), new FileLocks(dir.path)];
  const order: string[] = [];
  const held = Promise.withResolvers<void>();
  const first = one.request("a", async () => {
    order.push("first");
    await held.promise;
    order.push("first ends");
  });
  while (order.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await other.request("a", { ifAvailable: true }, (lock: Lock | null) => void order.push(`${lock === null}`));
  await other.request("b", { ifAvailable: true }, (lock: Lock | null) => void order.push(`${lock?.name}`));
  const second = other.request("a", {}, () => void order.push("second"));
  const given = new AbortController();
  const third = other.request("a", { signal: given.signal }, () => void order.push("never"));
  given.abort();
  assertEquals(await third.then(() => "granted", () => "given up"), "given up");
  held.resolve();
  await Promise.all([first, second]);
  assertEquals(order, ["first", "true", "b", "first ends", "second"]);
  assertEquals(await Array.fromAsync(Deno.readDir(dir.path), ({ name }) => name), []);
});
