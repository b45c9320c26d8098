import { assertEquals, assertThrows } from "@std/assert";
import { Guesses } from "../../../server/access/guesses.ts";
import { UploadError } from "../../../server/errors.ts";
import { networkOf } from "../../../server/networks.ts";

function guess(guesses: Guesses, address: string, count: number, start = 0): void {
  for (let number = start; number < start + count; number++) guesses.wrong(address, `wrong ${number}`);
}

/** The code of what a call throws. */
const codeOf = (call: () => void) => assertThrows(call, UploadError).code;

Deno.test("after 10 wrong tokens within a minute an address has to wait for the rest of it", () => {
  let now = 0;
  const guesses = new Guesses(() => now);
  guess(guesses, "192.0.2.1", 9);
  now = 20_500;
  guesses.check("192.0.2.1", "right");
  guess(guesses, "192.0.2.1", 1, 9);
  const error = assertThrows(() => guesses.check("192.0.2.1", "right"), UploadError);
  assertEquals([error.code, error.headers["Retry-After"]], ["too-many-guesses", "40"]);
  guesses.check("192.0.2.2", "right");
  now = 60_000;
  guesses.check("192.0.2.1", "right");
});

Deno.test("nobody whose token was right at an address is locked out by a neighbour there", () => {
  const guesses = new Guesses(() => 0);
  guesses.right("192.0.2.1", "right");
  guess(guesses, "192.0.2.1", 10);
  guesses.check("192.0.2.1", "right");
  assertThrows(() => guesses.check("192.0.2.1", "another"), UploadError);
});

Deno.test("at this machine's own address, which all behind a proxy may have, a right token always passes", () => {
  let now = 0;
  const guesses = new Guesses(() => now);
  for (const address of ["127.0.0.1", "::1"]) {
    guess(guesses, address, 10);
    guesses.check(address, "new");
    assertEquals(codeOf(() => guesses.wrong(address, "new")), "too-many-guesses");
  }
  now = 60_000;
  guess(guesses, "127.0.0.1", 10);
  assertEquals(codeOf(() => guesses.wrong("127.0.0.1", "new")), "too-many-guesses");
});

Deno.test("a client that repeats one wrong token does not guess", () => {
  const guesses = new Guesses(() => 0);
  for (let count = 0; count < 1000; count++) guesses.wrong("192.0.2.1", "removed");
  guesses.check("192.0.2.1", "another");
});

Deno.test("guesses from many addresses take bounded memory", () => {
  const guesses = new Guesses(() => 0);
  guess(guesses, "192.0.2.1", 10);
  assertThrows(() => guesses.check("192.0.2.1", "x"), UploadError);
  for (let number = 0; number < 10_000; number++) guesses.wrong(`10.0.${number >> 8}.${number & 255}`, "x");
  // The oldest was forgotten.
  guesses.check("192.0.2.1", "x");
});

Deno.test("networkOf() is what one client has for itself", () => {
  const table: [string | undefined, string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:0DB8:0:0:1:2:3:4", "2001:db8:0:0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["::1", "0:0:0:0"],
    ["2001:db8:1::", "2001:db8:1:0"],
    [undefined, ""],
  ];
  for (const [address, network] of table) assertEquals([address, networkOf(address)], [address, network]);
});

Deno.test("each wrong secret is told that was looked at, also one that comes again or too often", () => {
  let failed = 0;
  const guesses = new Guesses(() => 0, () => failed++);
  for (let at = 0; at < 10; at++) guesses.wrong("192.0.2.1", `${at}`);
  guesses.wrong("192.0.2.2", "a");
  guesses.wrong("192.0.2.2", "a");
  guesses.right("192.0.2.2", "b");
  assertThrows(() => guesses.wrong("192.0.2.1", "x"), UploadError);
  assertEquals(failed, 13);
});
