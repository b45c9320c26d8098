import { assert, assertEquals } from "@std/assert";
import { parseRetryAfter } from "../../../client/protocol/retry_after.ts";
import { retryDelaySeconds } from "../../../client/upload/retry.ts";
import { headerId } from "../../../client/upload/file_id.ts";
import { Speedometer } from "../../../client/upload/speed.ts";

Deno.test("retryDelaySeconds() doubles from 0.5 to 30 seconds, with full jitter", () => {
  const longest = Array.from({ length: 9 }, (_, i) => retryDelaySeconds(i + 1, 1));
  assertEquals(longest, [0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
  assertEquals(retryDelaySeconds(5, 0), 0);
  assertEquals(retryDelaySeconds(5, 0.25), 2);
  assertEquals(retryDelaySeconds(5000, 1), 30);
});

Deno.test("retryDelaySeconds() waits at least as long as the server asked, up to an hour", () => {
  assertEquals(retryDelaySeconds(1, 1, 20), 20);
  assertEquals(retryDelaySeconds(7, 1, 20), 30);
  assertEquals(retryDelaySeconds(1, 1, 1e9), 3600);
});

Deno.test("parseRetryAfter() reads seconds and dates, and nothing else", () => {
  const now = Date.UTC(2026, 0, 1);
  const table: [string | null, number | undefined][] = [
    [null, undefined],
    ["", undefined],
    ["120", 120],
    ["0", 0],
    ["-5", undefined],
    ["soon", undefined],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ];
  for (const [value, seconds] of table) assertEquals(parseRetryAfter(value, now), seconds, `${value}`);
});

Deno.test("headerId() leaves alone what fits in a header, and encodes what does not", () => {
  assertEquals(headerId("film-10-NaN"), "film-10-NaN");
  assertEquals(headerId("отчёт"), "%D0%BE%D1%82%D1%87%D1%91%D1%82");
  assertEquals(headerId("a b\r\nc"), "a%20b%0D%0Ac");
});

Deno.test("Speedometer takes what fills the buffers of this computer for no speed", () => {
  const speed = new Speedometer(0);
  // 4 MB leave at once, 1 MB/s after that.
  speed.add(4e6, 0.1);
  assertEquals(speed.bytesPerSecond, 0);
  let now = 0.1;
  for (; now < 1; now += 0.1) speed.add(1e5, now);
  speed.add(1e5, 1.05);
  assert(speed.bytesPerSecond > 0 && speed.bytesPerSecond < 5.2e6, `${speed.bytesPerSecond}`);
  for (now = 1.15; now < 10; now += 0.1) speed.add(1e5, now);
  assert(speed.bytesPerSecond < 1.6e6, `${speed.bytesPerSecond}`);
});

Deno.test("Speedometer goes down while nothing leaves", () => {
  const speed = new Speedometer(0);
  for (let now = 1; now <= 10; now++) speed.add(1000, now);
  for (let now = 11; now <= 16; now++) speed.add(0, now);
  assert(speed.bytesPerSecond < 300, `${speed.bytesPerSecond}`);
  for (let now = 17; now <= 60; now++) speed.add(0, now);
  assert(speed.bytesPerSecond < 1, `${speed.bytesPerSecond}`);
});

Deno.test("Speedometer tells a steady speed from the first samples, and follows a change within seconds", () => {
  const speed = new Speedometer(0);
  assertEquals(speed.bytesPerSecond, 0);
  let now = 0;
  const run = (seconds: number, bytesPerSecond: number) => {
    for (let i = 0; i < seconds * 4; i++) speed.add(bytesPerSecond / 4, now += 0.25);
  };
  run(1, 1000);
  assert(Math.abs(speed.bytesPerSecond - 1000) < 1, `${speed.bytesPerSecond}`);
  run(3, 3000);
  assert(speed.bytesPerSecond > 1900 && speed.bytesPerSecond < 2800, `${speed.bytesPerSecond}`);
  run(20, 3000);
  assert(Math.abs(speed.bytesPerSecond - 3000) < 50, `${speed.bytesPerSecond}`);
  speed.restart(now + 3600);
  assertEquals(speed.bytesPerSecond, 0);
});
