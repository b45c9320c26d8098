import { assertEquals } from "@std/assert";
import { createWords } from "../../../client/page/words.ts";

const words = createWords("en");

Deno.test("createWords() writes sizes, speeds, shares and times for people", () => {
  const table: [string, string][] = [
    [words.bytes(0), "0 bytes"],
    [words.bytes(1), "1 byte"],
    [words.bytes(999), "999 bytes"],
    [words.bytes(1000), "1.0 kB"],
    [words.bytes(999_949), "999.9 kB"],
    [words.bytes(999_950), "1.0 MB"],
    [words.bytes(67_108_864), "67.1 MB"],
    [words.bytes(5e12), "5.0 TB"],
    [words.bytes(5e15), "5.0 PB"],
    [words.bytes(5e18), "5,000.0 PB"],
    [words.speed(2_400_000), "2.4 MB/s"],
    [words.speed(12.3), "12 B/s"],
    [words.speed(999.7), "1.0 kB/s"],
    [words.percent(0, 1000), "0%"],
    [words.percent(29, 100), "29%"],
    [words.percent(999, 1000), "99%"],
    [words.percent(1000, 1000), "100%"],
    [words.duration(200), "1 second"],
    [words.duration(59_000), "59 seconds"],
    [words.duration(61_000), "1 minute"],
    [words.duration(7_500_000), "2 hours 5 minutes"],
    [words.duration(59_500), "1 minute"],
    [words.duration(3_599_000), "1 hour"],
  ];
  for (const [actual, expected] of table) assertEquals(actual, expected);
});

/** In the order of `sample()`. A no-break space is written as `~`, a narrow one as `_`. */
const EXPECTED: Readonly<Record<string, string[][]>> = {
  en: [
    ["0 bytes", "1 byte", "2 bytes", "21 bytes", "1.0 kB", "67.1 MB", "4.0 GB", "1.5 TB", "5.0 PB"],
    ["0 B/s", "1 B/s", "340.0 kB/s", "2.4 MB/s", "1.2 GB/s"],
    ["0%", "42%", "100%"],
    ["1 second", "2 seconds", "5 seconds", "21 seconds", "1 minute", "3 minutes", "21 minutes"],
    ["1 hour", "2 hours 5 minutes", "5 hours 1 minute", "21 hours"],
  ],
  fr: [
    ["0~octet", "1~octet", "2~octets", "21~octets", "1,0_ko", "67,1_Mo", "4,0_Go", "1,5_To", "5,0_Po"],
    ["0_o/s", "1_o/s", "340,0_ko/s", "2,4_Mo/s", "1,2_Go/s"],
    ["0~%", "42~%", "100~%"],
    ["1~seconde", "2~secondes", "5~secondes", "21~secondes", "1~minute", "3~minutes", "21~minutes"],
    ["1~heure", "2~heures 5~minutes", "5~heures 1~minute", "21~heures"],
  ],
  ja: [
    ["0バイト", "1バイト", "2バイト", "21バイト", "1.0~KB", "67.1~MB", "4.0~GB", "1.5~TB", "5.0~PB"],
    ["0~B/秒", "1~B/秒", "340.0~KB/秒", "2.4~MB/秒", "1.2~GB/秒"],
    ["0%", "42%", "100%"],
    ["1秒", "2秒", "5秒", "21秒", "1分", "3分", "21分"],
    ["1時間", "2時間5分", "5時間1分", "21時間"],
  ],
  ko: [
    ["0바이트", "1바이트", "2바이트", "21바이트", "1.0KB", "67.1MB", "4.0GB", "1.5TB", "5.0PB"],
    ["0B/s", "1B/s", "340.0KB/s", "2.4MB/s", "1.2GB/s"],
    ["0%", "42%", "100%"],
    ["1초", "2초", "5초", "21초", "1분", "3분", "21분"],
    ["1시간", "2시간 5분", "5시간 1분", "21시간"],
  ],
  ru: [
    ["0~байт", "1~байт", "2~байта", "21~байт", "1,0~КБ", "67,1~МБ", "4,0~ГБ", "1,5~ТБ", "5,0~ПБ"],
    ["0~Б/с", "1~Б/с", "340,0~КБ/с", "2,4~МБ/с", "1,2~ГБ/с"],
    ["0~%", "42~%", "100~%"],
    ["1~секунда", "2~секунды", "5~секунд", "21~секунда", "1~минута", "3~минуты", "21~минута"],
    ["1~час", "2~часа 5~минут", "5~часов 1~минута", "21~час"],
  ],
  zh: [
    ["0~字节", "1~字节", "2~字节", "21~字节", "1.0~KB", "67.1~MB", "4.0~GB", "1.5~TB", "5.0~PB"],
    ["0~B/秒", "1~B/秒", "340.0~KB/秒", "2.4~MB/秒", "1.2~GB/秒"],
    ["0%", "42%", "100%"],
    ["1~秒", "2~秒", "5~秒", "21~秒", "1~分钟", "3~分钟", "21~分钟"],
    ["1~小时", "2~小时 5~分钟", "5~小时 1~分钟", "21~小时"],
  ],
};

function sample(locale: string): string[][] {
  const { bytes, speed, percent, duration } = createWords(locale);
  return [
    [0, 1, 2, 21, 1000, 67_108_864, 4e9, 1.5e12, 5e15].map(bytes),
    [0, 1, 340_000, 2_400_000, 1.2e9].map(speed),
    [0, 42, 100].map((part) => percent(part, 100)),
    [1, 2, 5, 21, 60, 180, 21 * 60].map((seconds) => duration(1000 * seconds)),
    [3600, 7500, 5 * 3600 + 60, 21 * 3600].map((seconds) => duration(1000 * seconds)),
  ];
}

for (const [locale, expected] of Object.entries(EXPECTED)) {
  Deno.test(`createWords("${locale}") writes as software in that language does`, () => {
    const actual = sample(locale).map((line) =>
      line.map((text) => text.replaceAll("\u00a0", "~").replaceAll("\u202f", "_"))
    );
    assertEquals(actual, expected);
  });
}

Deno.test("createWords() takes a tag with a region or a script", () => {
  assertEquals(createWords("zh-Hans-CN").duration(12_000), "12\u00a0秒");
  assertEquals(createWords("ja-JP").duration(7_500_000), "2時間5分");
});
