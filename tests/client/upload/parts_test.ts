import { assert, assertEquals } from "@std/assert";
import { parseRetryAfter } from "../../../client/protocol/retry_after.ts";
import { retryDelayMs } from "../../../client/upload/retry.ts";
import { headerId } from "../../../client/upload/file_id.ts";
import { Speedometer } from "../../../client/upload/speed.ts";

Deno.test("retryDelayMs() doubles from 0.5 to 30 seconds, with full jitter", () => {
  const longest = Array.from({ length: 9 }, (_, i) => retryDelayMs(i + 1, 1));
  assertEquals(longest, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  assertEquals(retryDelayMs(5, 0), 0);
  assertEquals(retryDelayMs(5, 0.25), 2000);
  assertEquals(retryDelayMs(5000, 1), 30_000);
});

Deno.test("retryDelayMs() waits at least as long as the server asked, up to an hour", () => {
  assertEquals(retryDelayMs(1, 1, 20_000), 20_000);
  assertEquals(retryDelayMs(7, 1, 20_000), 30_000);
  assertEquals(retryDelayMs(1, 1, 1e12), 3_600_000);
});

Deno.test("parseRetryAfter() reads seconds and dates, and nothing else; it gives milliseconds", () => {
  const now = Date.UTC(2026, 0, 1);
  const table: [string | null, number | undefined][] = [
    [null, undefined],
    ["", undefined],
    ["120", 120_000],
    ["0", 0],
    ["-5", undefined],
    ["soon", undefined],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ];
  for (const [value, ms] of table) assertEquals(parseRetryAfter(value, now), ms, `${value}`);
});

Deno.test("headerId() leaves alone what fits in a header, and encodes what does not", () => {
  assertEquals(headerId("film-10-NaN"), "film-10-NaN");
  assertEquals(headerId("отчёт"), "%D0%BE%D1%82%D1%87%D1%91%D1%82");
  assertEquals(headerId("a b\r\nc"), "a%20b%0D%0Ac");
});

Deno.test("Speedometer takes what fills the buffers of this computer for no speed", () => {
  const speed = new Speedometer(0);
  // 4 MB leave at once, 1 MB/s after that.
  speed.add(4e6, 100);
  assertEquals(speed.bytesPerSecond, 0);
  let now = 100;
  for (; now < 1000; now += 100) speed.add(1e5, now);
  speed.add(1e5, 1050);
  assert(speed.bytesPerSecond > 0 && speed.bytesPerSecond < 5.2e6, `${speed.bytesPerSecond}`);
  for (now = 1150; now < 10_000; now += 100) speed.add(1e5, now);
  assert(speed.bytesPerSecond < 1.6e6, `${speed.bytesPerSecond}`);
});

Deno.test("Speedometer goes down while nothing leaves", () => {
  const speed = new Speedometer(0);
  for (let second = 1; second <= 10; second++) speed.add(1000, second * 1000);
  for (let second = 11; second <= 16; second++) speed.add(0, second * 1000);
  assert(speed.bytesPerSecond < 300, `${speed.bytesPerSecond}`);
  for (let second = 17; second <= 60; second++) speed.add(0, second * 1000);
  assert(speed.bytesPerSecond < 1, `${speed.bytesPerSecond}`);
});

Deno.test("Speedometer goes by the bytes that were confirmed in the last 30 seconds, once there are some", () => {
  const speed = new Speedometer(0);
  speed.add(1e6, 1000);
  assertEquals(Math.round(speed.bytesPerSecond), 1e6);
  speed.confirm(10_000, 2000);
  assertEquals(speed.bytesPerSecond, 5000);
  for (let now = 12_000; now <= 62_000; now += 10_000) speed.confirm(100_000, now);
  assertEquals(speed.bytesPerSecond, 10_000);
  assertEquals(speed.remainingMs({ rest: 50_000, inFlight: 20_000 }, 63_000), 6000);
  assertEquals(speed.remainingMs({ rest: 50_000, inFlight: 20_000 }, 90_000), 5000);
});

Deno.test("Speedometer tells a steady speed from the first samples, and follows a change within seconds", () => {
  const speed = new Speedometer(0);
  assertEquals(speed.bytesPerSecond, 0);
  let now = 0;
  const run = (seconds: number, bytesPerSecond: number) => {
    for (let i = 0; i < seconds * 4; i++) speed.add(bytesPerSecond / 4, now += 250);
  };
  run(1, 1000);
  assert(Math.abs(speed.bytesPerSecond - 1000) < 1, `${speed.bytesPerSecond}`);
  run(3, 3000);
  assert(speed.bytesPerSecond > 1900 && speed.bytesPerSecond < 2800, `${speed.bytesPerSecond}`);
  run(20, 3000);
  assert(Math.abs(speed.bytesPerSecond - 3000) < 50, `${speed.bytesPerSecond}`);
});
