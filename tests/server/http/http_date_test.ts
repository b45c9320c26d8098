import { assertEquals } from "@std/assert";
import { httpDate, parseHttpDate } from "../../../server/http/http_date.ts";

const NOW = Date.UTC(2026, 10, 29);
const THEN = Date.UTC(1994, 10, 6, 8, 49, 37);

const DATES: [text: string, ms: number][] = [
  // The three forms of RFC 9110, section 5.6.7.
  ["Sun, 06 Nov 1994 08:49:37 GMT", THEN],
  ["Sunday, 06-Nov-94 08:49:37 GMT", THEN],
  ["Sun Nov  6 08:49:37 1994", THEN],
  ["Sun Nov 16 08:49:37 1994", THEN + 10 * 86_400_000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Wed, 31 Dec 1969 23:59:59 GMT", -1000],
  ["Sat, 29 Feb 2020 00:00:00 GMT", Date.UTC(2020, 1, 29)],
  ["Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
  // More than 50 years ahead means the century before.
  ["Monday, 29-Nov-76 00:00:00 GMT", Date.UTC(2076, 10, 29)],
  ["Tuesday, 29-Nov-77 00:00:00 GMT", Date.UTC(1977, 10, 29)],
];

const NO_DATES = [
  "",
  "0",
  "1994-11-06T08:49:37Z",
  "Sun, 06 Nov 1994 08:49:37",
  "Sun, 06 Nov 1994 08:49:37 UTC",
  "Sun, 06 Nov 1994 08:49:37 +0000",
  "sun, 06 nov 1994 08:49:37 gmt",
  "Sun, 6 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 94 08:49:37 GMT",
  "Sun, 31 Nov 1994 08:49:37 GMT",
  "Sun, 00 Nov 1994 08:49:37 GMT",
  "Tue, 29 Feb 2022 00:00:00 GMT",
  "Sun, 06 Nov 1994 24:00:00 GMT",
  "Sun, 06 Nov 1994 08:60:00 GMT",
  "Sun, 06 Nov 1994 08:49:61 GMT",
  "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
  " Sun, 06 Nov 1994 08:49:37 GMT",
];

Deno.test("parseHttpDate() reads the three forms of a date, and nothing else", () => {
  for (const [text, ms] of DATES) assertEquals([text, parseHttpDate(text, NOW)], [text, ms]);
  for (const text of NO_DATES) assertEquals([text, parseHttpDate(text, NOW)], [text, undefined]);
});

Deno.test("httpDate() writes a date that parseHttpDate() reads", () => {
  assertEquals(httpDate(THEN), "Sun, 06 Nov 1994 08:49:37 GMT");
  assertEquals(parseHttpDate(httpDate(THEN + 999), NOW), THEN);
});
