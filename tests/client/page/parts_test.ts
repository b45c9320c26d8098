import { assert, assertEquals } from "@std/assert";
import { messages } from "../../../client/languages/en.ts";
import { Announcer } from "../../../client/page/announcer.ts";
import { chooseLanguage } from "../../../client/page/language.ts";
import { windowOf } from "../../../client/page/list_window.ts";
import { NOTHING_TOLD, spoken } from "../../../client/page/spoken.ts";
import { nameText, percentText } from "../../../client/page/texts.ts";
import { totalState } from "../../../client/page/total_state.ts";
import { createWords } from "../../../client/page/words.ts";
import type { Total } from "../../../client/mod.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

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
  const said: [ms: number, text: string][] = [];
  const announcer = new Announcer((text) => said.push([clock.now() - 1000, text]), clock);
  announcer.say(() => "start");
  announcer.say(() => "25%");
  announcer.say(() => "50%");
  await clock.run(clock.wait(6000, new AbortController().signal));
  announcer.say(() => "75%");
  announcer.say(() => "end");
  await clock.run(clock.wait(20_000, new AbortController().signal));
  announcer.say(() => "start again");
  assertEquals(said, [[0, "start"], [5000, "50%"], [10_000, "end"], [26_000, "start again"]]);
});

Deno.test("Announcer leaves out nothing that was done, and says it before where all stands", async () => {
  const clock = new VirtualClock();
  const said: [ms: number, text: string][] = [];
  const announcer = new Announcer((text) => said.push([clock.now() - 1000, text]), clock);
  announcer.say(() => "start");
  announcer.say(() => "25%");
  announcer.sayDone("Link copied");
  announcer.sayDone("a.txt was deleted");
  announcer.say(() => "50%");
  await clock.run(clock.wait(30_000, new AbortController().signal));
  assertEquals(said, [[0, "start"], [5000, "Link copied"], [10_000, "a.txt was deleted"], [15_000, "50%"]]);
});

/** What is said, one look after the other. */
function listen(): (total: Parameters<typeof totalOf>[0]) => string | undefined {
  const words = createWords("en");
  let told = NOTHING_TOLD;
  return (total: Parameters<typeof totalOf>[0]) => {
    const next = spoken(totalOf(total), told, { messages, words });
    told = next.told;
    return next.text;
  };
}

Deno.test("spoken() tells the start, the quarters, that the network is gone and back, a pause and the end", () => {
  const says = listen();
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

Deno.test("spoken() tells the end of what was too quick to be told of, and of what was begun together alone", () => {
  const says = listen();
  assertEquals(says({ files: 1, in: { done: 1 } }), "1 file uploaded");
  assertEquals(says({ files: 3, in: { done: 1, failed: 2 } }), "2 files have failed");
  assertEquals(says({ files: 5, in: { done: 1, failed: 2, sending: 2 } }), "Uploading 2 files");
  assertEquals(says({ files: 6, in: { done: 1, failed: 2, sending: 2, queued: 1 } }), "Uploading 3 files");
  assertEquals(says({ files: 6, in: { done: 3, failed: 2, sending: 1 } }), undefined);
  // The finished ones are taken off the list.
  assertEquals(says({ files: 3, in: { failed: 2, sending: 1 } }), undefined);
  assertEquals(says({ files: 3, in: { failed: 2, done: 1 } }), "1 file uploaded");
  assertEquals(says({ files: 0 }), undefined);
  assertEquals(says({ files: 1, in: { sending: 1 } }), "Uploading 1 file");
  // It is cancelled.
  assertEquals(says({ files: 0 }), undefined);
});

Deno.test("totalState() says what the numbers of all do not", () => {
  const through = { isCutOff: false, isOnline: true };
  const table: [Parameters<typeof totalOf>[0], typeof through, state: string, text: string][] = [
    [{ in: { sending: 2 } }, through, "sending", ""],
    [{ in: { sending: 1, waiting: 1 }, signedOut: 1 }, through, "sending", ""],
    [{ in: { queued: 1, waiting: 1 }, signedOut: 1 }, through, "waiting", messages.problems["signed-out"]],
    [{ in: { sending: 1, failed: 1 } }, through, "failed", "1 file has failed"],
    [{ in: { waiting: 2 } }, { isCutOff: true, isOnline: false }, "waiting", messages.spokenOffline],
    [
      { in: { waiting: 2 } },
      { isCutOff: true, isOnline: true },
      "waiting",
      "The connection to the server is lost. The upload goes on by itself",
    ],
    [{ in: { paused: 1, done: 1 } }, through, "paused", "Paused"],
    [{ in: { paused: 1, failed: 1 } }, through, "paused", "Paused\u00a0· 1 file has failed"],
    [{ in: { failed: 1, done: 1 } }, through, "failed", "1 file uploaded, 1 file failed"],
    [{ in: { failed: 2 } }, through, "failed", "2 files have failed"],
    [{ in: { done: 2 } }, through, "done", "All 2 files are safe on the server"],
  ];
  for (const [total, way, state, text] of table) {
    const told: { state: string; text: string } = totalState(totalOf(total), way, messages);
    assertEquals(told, { state, text });
  }
});

Deno.test("percentText() says 100% of what is done alone", () => {
  const words = createWords("en");
  const table: [bytes: number, total: number, isDone: boolean, expected: string][] = [
    [0, 0, false, "0%"],
    [0, 0, true, "100%"],
    [50, 100, false, "50%"],
    [100, 100, false, "99%"],
    [100, 100, true, "100%"],
    [99, 100, false, "99%"],
  ];
  for (const [bytes, total, isDone, expected] of table) {
    assertEquals(percentText(bytes, { total }, isDone, words), expected);
  }
});

Deno.test("nameText() shows what would turn the letters behind it", () => {
  assertEquals(nameText("evil\u202egpj.exe"), "evil\ufffdgpj.exe");
  assertEquals(nameText("\u2066a\u2069b\u202a\u202b\u202c\u202d\u2067\u2068"), "\ufffda\ufffdb" + "\ufffd".repeat(6));
  assertEquals(nameText("تقرير שלום 보고서.pdf"), "تقرير שלום 보고서.pdf");
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
  const none = { queued: 0, ready: 0, asking: 0, sending: 0, checking: 0, waiting: 0, paused: 0 };
  return {
    files: 2,
    retryable: 0,
    disconnected: 0,
    signedOut: 0,
    confirmed: 0,
    sent: 0,
    total: 100,
    bytesPerSecond: 0,
    remainingMs: undefined,
    ...total,
    in: { ...none, done: 0, stopped: 0, failed: 0, cancelled: 0, ...total.in },
  };
}
