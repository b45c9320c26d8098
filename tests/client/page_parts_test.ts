import { assert, assertEquals } from "@std/assert";
import { messages } from "../../client/languages/en.ts";
import { Announcer } from "../../client/page/announcer.ts";
import { chooseLanguage } from "../../client/page/language.ts";
import { windowOf } from "../../client/page/list_window.ts";
import { NOTHING_TOLD, spoken } from "../../client/page/spoken.ts";
import { createWords } from "../../client/page/words.ts";
import type { Total } from "../../client/upload_queue.ts";
import { VirtualClock } from "./virtual_clock.ts";

Deno.test("windowOf() gives the rows that are seen, and room for all others", () => {
  const heights = [10, 20, 30, 40, 50];
  const table: [top: number, bottom: number, expected: [number, number, number, number]][] = [
    [0, 150, [0, 5, 0, 0]],
    [-100, 5, [0, 1, 0, 140]],
    [10, 30, [1, 2, 10, 120]],
    [29, 31, [1, 3, 10, 90]],
    [100, 1000, [4, 5, 100, 0]],
    [150, 1000, [0, 0, 0, 150]],
    [-1000, 0, [0, 0, 0, 150]],
  ];
  for (const [top, bottom, [first, end, above, below]] of table) {
    assertEquals(windowOf(heights, { top, bottom }), { first, end, above, below }, `${top}–${bottom}`);
  }
  assertEquals(windowOf([], { top: 0, bottom: 100 }), { first: 0, end: 0, above: 0, below: 0 });
});

Deno.test("Announcer says the first text at once, and of those that come within 5 seconds the last one", async () => {
  const clock = new VirtualClock();
  const said: [seconds: number, text: string][] = [];
  const announcer = new Announcer((text) => said.push([clock.now() - 1000, text]), clock);
  announcer.say(() => "start");
  announcer.say(() => "25%");
  announcer.say(() => "50%");
  await clock.run(clock.wait(6, new AbortController().signal));
  announcer.say(() => "75%");
  announcer.say(() => "end");
  await clock.run(clock.wait(20, new AbortController().signal));
  announcer.say(() => "start again");
  assertEquals(said, [[0, "start"], [5, "50%"], [10, "end"], [26, "start again"]]);
});

Deno.test("spoken() tells the start, the quarters, that the network is gone and back, a pause and the end", () => {
  const words = createWords("en");
  let told = NOTHING_TOLD;
  const says = (total: Parameters<typeof totalOf>[0]) => {
    const next = spoken(totalOf(total), told, { messages, words });
    told = next.told;
    return next.text;
  };
  assertEquals(says({ files: 0 }), undefined);
  assertEquals(says({ in: { queued: 2 } }), "Uploading 2 files");
  assertEquals(says({ in: { sending: 2 }, sent: 10 }), undefined);
  assertEquals(says({ in: { sending: 2 }, sent: 26 }), "25% sent");
  assertEquals(says({ in: { sending: 2 }, sent: 30 }), undefined);
  // What was sent and lost is not told again.
  assertEquals(says({ in: { sending: 2 }, sent: 20 }), undefined);
  assertEquals(says({ in: { sending: 2 }, sent: 27 }), undefined);
  assertEquals(says({ in: { sending: 2 }, sent: 80 }), "75% sent");
  assertEquals(says({ in: { waiting: 2 }, disconnected: 2 }), messages.spokenOffline);
  assertEquals(says({ in: { asking: 1, waiting: 1 }, disconnected: 1 }), undefined);
  assertEquals(says({ in: { asking: 2 } }), undefined);
  assertEquals(says({ in: { sending: 2 }, sent: 80 }), "Online again");
  assertEquals(says({ in: { paused: 2 }, sent: 80 }), "Paused");
  assertEquals(says({ in: { sending: 2 }, sent: 80 }), "Uploading 2 files");
  assertEquals(says({ in: { sending: 1, done: 1 }, sent: 100 }), undefined);
  assertEquals(says({ in: { done: 1, failed: 1 }, sent: 100 }), "1 file uploaded, 1 file failed");
  assertEquals(says({ in: { done: 1, failed: 1 }, sent: 100 }), undefined);
});

Deno.test("spoken() does not call a wait for another tab a lost network", () => {
  const { told } = spoken(totalOf({ in: { sending: 1 } }), NOTHING_TOLD, { messages, words: createWords("en") });
  const next = spoken(totalOf({ in: { waiting: 1 } }), told, { messages, words: createWords("en") });
  assertEquals(next.text, undefined);
});

Deno.test("chooseLanguage() takes the first wanted language that there is, whatever its region and script", () => {
  const table: [wanted: string[], expected: string][] = [
    [["ko-KR", "en"], "ko"],
    [["de-DE", "fr-CH", "en"], "fr"],
    [["zh-Hant-TW"], "zh"],
    [["RU"], "ru"],
    [["de", "__proto__", "constructor"], "en"],
    [[], "en"],
  ];
  for (const [wanted, expected] of table) assertEquals(chooseLanguage(wanted), expected, wanted.join());
  assert(["en", "fr", "ja", "ko", "ru", "zh"].every((tag) => chooseLanguage([tag]) === tag));
});

function totalOf(total: Partial<Omit<Total, "in">> & { in?: Partial<Total["in"]> }): Total {
  const none = { queued: 0, ready: 0, asking: 0, sending: 0, waiting: 0, paused: 0 };
  return {
    files: 2,
    retryable: 0,
    disconnected: 0,
    confirmed: 0,
    sent: 0,
    total: 100,
    bytesPerSecond: 0,
    secondsLeft: undefined,
    ...total,
    in: { ...none, done: 0, stopped: 0, failed: 0, cancelled: 0, ...total.in },
  };
}
