import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join, toFileUrl } from "@std/path";
import { type Digest, DigestCheck, hashOf } from "../../../server/model/digest.ts";
import { HashThread } from "../../../server/receiving/hash_thread.ts";
import { someBytes } from "../../support/bytes.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/until.ts";

const MIB = 2 ** 20;
/** A thread gains nothing on one processor. The machine that tests run on may have no more. */
const processors = 2;

function hashIn(name: string, ...pieces: Uint8Array[]): string {
  const hash = createHash(name);
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** A thread that is ready, with a module of the test's own if there is one. */
async function ready(module?: URL): Promise<HashThread> {
  const thread = new HashThread({ processors, ...module && { module } });
  const here = thread.hashesFor(MIB)("sha-256");
  here.update(new Uint8Array(1));
  assertEquals((await here.digest()).length, 32, "The body that begins the thread is hashed here");
  await until(() => thread.isReady, "the thread is ready");
  return thread;
}

async function moduleIn({ path }: TempDir, text: string): Promise<URL> {
  const file = join(path, "module.ts");
  await Deno.writeTextFile(file, text);
  return toFileUrl(file);
}

Deno.test("a thread hashes bodies beside each other, by any algorithm, in pieces of any size", async () => {
  using thread = await ready();
  const algorithms = { "sha-256": "sha256", "sha-512": "sha512", md5: "md5" } as const;
  const pieces = [3, 70_000, MIB, 0, 600_000, 2 * MIB + 5, 1].map((size) => someBytes(size));
  const hashes = Object.entries(algorithms).map(([algorithm, name]) =>
    [thread.hashesFor(2 * MIB)(algorithm as Digest["algorithm"]), name] as const
  );
  for (const piece of pieces) {
    for (const [hash] of hashes) {
      const memory = piece.slice();
      await hash.update(memory);
      // Who receives a body uses its memory again.
      memory.fill(0);
    }
  }
  for (const [hash, name] of hashes) {
    assertEquals(new Uint8Array(await hash.digest()).toHex(), hashIn(name, ...pieces));
  }
  const empty = thread.hashesFor(MIB)("sha-256");
  assertEquals(new Uint8Array(await empty.digest()).toHex(), hashIn("sha256"));
});

Deno.test("short bodies, those of unknown length, and all on one processor are hashed without a thread", async () => {
  using thread = await ready();
  using lonely = new HashThread({ processors: 1 });
  const makers = [thread.hashesFor(MIB - 1), thread.hashesFor(undefined), lonely.hashesFor(MIB)];
  assertEquals(makers.map((maker) => maker === hashOf), [true, true, true]);
});

Deno.test("a check finds one wrong byte in the thread, and makes the digest that is wanted", async () => {
  using thread = await ready();
  const bytes = someBytes(3 * MIB);
  const value = createHash("sha256").update(bytes).digest();
  for (const isDamaged of [false, true]) {
    using check = new DigestCheck([{ algorithm: "sha-256", value }], {
      wanted: "sha-512",
      makeHash: thread.hashesFor(bytes.length),
    });
    const arrived = bytes.slice();
    if (isDamaged) arrived[2 * MIB + 17]! ^= 1;
    for (let at = 0; at < arrived.length; at += 100_000) await check.update(arrived.subarray(at, at + 100_000));
    assertEquals((await check.mismatch())?.algorithm, isDamaged ? "sha-256" : undefined);
    const [made] = await check.made();
    assertEquals(new Uint8Array(made!.value).toHex(), hashIn("sha512", arrived));
  }
});

const SLOW = `
let held = [];
addEventListener("message", ({ data }) => {
  if (data.memory) held.push(data);
  if (data.end !== "forget") return;
  for (const { memory, length } of held.splice(0)) postMessage({ memory, length }, [memory]);
});
postMessage({ isReady: true });
`;

Deno.test("a thread that is 8 MiB behind makes a body wait until it has caught up", async () => {
  await using dir = await tempDir();
  using thread = await ready(await moduleIn(dir, SLOW));
  const hash = thread.hashesFor(64 * MIB)("sha-256");
  const piece = new Uint8Array(MIB);
  for (let count = 0; count < 8; count++) assertEquals(hash.update(piece), undefined);
  let isOver = false;
  const waiting = hash.update(piece)?.then(() => isOver = true);
  assert(waiting !== undefined);
  // Time alone changes nothing.
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(isOver, false);
  thread.hashesFor(MIB)("sha-256")[Symbol.dispose]();
  await waiting;
});

Deno.test("what a thread has not told when it ends rejects, and later bodies are hashed without it", async () => {
  await using dir = await tempDir();
  for (const end of ["dispose", "throw"] as const) {
    const text =
      `${SLOW} addEventListener("message", ({ data }) => { if (data.algorithm === "md5") throw new Error(); });`;
    using thread = await ready(await moduleIn(dir, text));
    const hash = thread.hashesFor(MIB)("sha-256");
    const told = assertRejects(() => Promise.resolve(hash.digest()), Error, "has ended");
    const late = thread.hashesFor(64 * MIB)("sha-256");
    for (let count = 0; count < 8; count++) late.update(new Uint8Array(MIB));
    const waiting = assertRejects(() => Promise.resolve(late.update(new Uint8Array(MIB))), Error, "has ended");
    const failing = thread.hashesFor(MIB)("md5");
    const failed = assertRejects(() => Promise.resolve(failing.update(new Uint8Array(MIB))), Error, "has ended");
    if (end === "dispose") thread[Symbol.dispose]();
    await Promise.all([told, waiting, failed]);
    await assertRejects(async () => await late.update(new Uint8Array(1)), Error, "has ended");
    await assertRejects(async () => await late.digest(), Error, "has ended");
    const here = thread.hashesFor(MIB)("sha-256");
    here.update(someBytes(MIB));
    assertEquals(new Uint8Array(await here.digest()).toHex(), hashIn("sha256", someBytes(MIB)));
  }
});

Deno.test("bodies are hashed all the same where no thread can be had", async () => {
  await using dir = await tempDir();
  const modules = [new URL("file:///missing.ts"), await moduleIn(dir, "throw new Error('No')")];
  for (const module of modules) {
    using thread = new HashThread({ module, processors });
    for (let time = 0; time < 3; time++) {
      const hash = thread.hashesFor(MIB)("sha-256");
      hash.update(someBytes(MIB));
      assertEquals(new Uint8Array(await hash.digest()).toHex(), hashIn("sha256", someBytes(MIB)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assertEquals(thread.isReady, false);
  }
});
