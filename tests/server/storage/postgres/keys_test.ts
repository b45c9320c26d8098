import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { afterPrefix, decodeKey, encodeKey } from "../../../../server/storage/postgres/keys.ts";

const part = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "\0", "\0\0", "a\0", "\u00ff"),
  fc.double({ noNaN: true }),
);
const key = fc.array(part, { minLength: 1, maxLength: 4 });

Deno.test("a key is read as it was written", () => {
  fc.assert(
    fc.property(key, (key) => assertEquals(decodeKey(encodeKey(key)), key)),
  );
});

Deno.test("keys are in the order of Deno KV, in which parts are compared one after the other", async () => {
  using kv = await Deno.openKv(":memory:");
  const keys = [
    ...fc.sample(key, { numRuns: 200, seed: 7 }),
    ...[-Infinity, -1e300, -2, -1, -1e-300, 0, 1e-300, 1, 2, 10, 1e300, Infinity].map((number) => ["n", number]),
    ["a"],
    ["a", ""],
    ["a", "\0"],
    ["a\0"],
    ["a\0b"],
    ["aa"],
    ["a", 1],
    ["b"],
  ];
  for (const each of keys) await kv.set(each, null);
  const inKv = (await Array.fromAsync(kv.list({ prefix: [] }))).map(({ key }) => encodeKey(key));
  assertEquals([...new Set(keys.map(encodeKey))].sort(), inKv);
});

Deno.test("what follows a prefix is behind all keys that begin with it, and before all others", () => {
  fc.assert(fc.property(key, part, (prefix, more) => {
    const [end, inside] = [afterPrefix(prefix), encodeKey([...prefix, more])];
    assert(encodeKey(prefix) < inside && inside < end);
  }));
  assert(encodeKey(["ab"]) > afterPrefix(["a"]));
  assert(encodeKey(["a\0"]) > afterPrefix(["a"]));
});

Deno.test("a part that is neither a text nor a number makes no key", () => {
  assertThrows(() => encodeKey([true]), TypeError, "A key cannot have the part true");
});
