import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { messages as en } from "../../../client/languages/en.ts";
import { messages as fr } from "../../../client/languages/fr.ts";
import { messages as ja } from "../../../client/languages/ja.ts";
import { messages as ko } from "../../../client/languages/ko.ts";
import type { Messages } from "../../../client/languages/messages.ts";
import { messages as ru } from "../../../client/languages/ru.ts";
import { messages as zh } from "../../../client/languages/zh.ts";

const LANGUAGES: Readonly<Record<string, Messages>> = { en, fr, ja, ko, ru, zh };

type Arguments = (string | number | undefined)[];

/** The names of the messages that are made of arguments. */
type Made = {
  [Key in keyof Messages]: Messages[Key] extends (...args: never[]) => string ? Key : never;
}[keyof Messages];

const COUNTS = [0, 1, 2, 5, 11, 21, 100, 1000, 1_000_000];
const NAMES = ["movie.mkv", "Отчёт «2026».pdf", "photos/a “b” 'c' \"d\".jpg", "사진 「봄」.png", "$& $1.txt"];

const ofCounts = COUNTS.map((count): [number] => [count]);
const ofTwoCounts = COUNTS.flatMap((one) => COUNTS.map((other): [number, number] => [one, other]));
const ofNames = NAMES.map((name): [string] => [name]);
const ofNamesAndSizes = NAMES.map((name): [string, string] => [name, "<1.2 GB>"]);

/** What each of them is called with. */
const SAMPLES: { [Key in Made]: Parameters<Messages[Key]>[] } = {
  filesDone: ofTwoCounts,
  allSafe: ofCounts,
  sendAll: ofCounts,
  emptyFolders: ofCounts,
  savedAs: ofNames,
  startsOver: [["<1.2 GB>"]],
  spokenDeleting: ofNames,
  safeOf: [["<1.2 GB>", "<4.0 GB>"]],
  timeRemaining: [["<3 minutes>"]],
  barValue: [["<42%>", "<38%>"]],
  nextTry: [["<It is lost>", "<12 seconds>"]],
  tryingNow: [["<It is lost>"]],
  tooLarge: [[undefined], ["<4.0 GB>"]],
  refused: [[""], ["418, <I am a teapot>"]],
  continueAll: ofCounts,
  unfinishedState: [["<63%>", "<1.2 GB>", "<2.0 GB>"]],
  notTheSame: ofNames,
  unreadable: ofNames,
  confirmCancel: ofNamesAndSizes,
  confirmCancelAll: ofCounts,
  confirmDiscard: ofNamesAndSizes,
  deleted: ofNames,
  linkFrom: ofNames,
  linkFilesLeft: ofCounts,
  linkRoomLeft: [["<1.2 GB>"]],
  notDeleted: ofNames,
  notChanged: ofNames,
  spokenStart: ofCounts,
  percentSent: [["<25%>"]],
  spokenFailed: NAMES.map((name) => [name, "<It is too large.>"]),
  spokenFailures: ofCounts,
  spokenEnd: ofTwoCounts,
};

/** What has the English text in other languages too. */
const AS_IN_ENGLISH = ["direction"];

/** Categories that have the words of another one, for a case has them so: «из 2 файлов», «из 5 файлов». */
const SAME_WORDS: Readonly<Record<string, Intl.LDMLPluralRule[]>> = { "ru filesDone": ["few"] };

/** The buttons beside those of one file. */
const BUTTONS = [
  "chooseFiles",
  "chooseFolder",
  "pauseAll",
  "resumeAll",
  "cancelAll",
  "retryFailed",
  "dismissDone",
  "camera",
  "save",
  "startOver",
  "leaveIt",
  "cancelIt",
  "keepIt",
  "signIn",
  "signOut",
  "showMore",
  "close",
] as const;
/** How wide the text on a button may be, see `widthOf()`. */
const BUTTON_WIDTH = 20;

const STRAIGHT = /["']/;
const WIDE_MARKS = /[,?!:;()]|[。，、？！：；（）「」“”] | [。，、？！：；（）「」“”]/;
/** What no text of a language has in it. */
const WRONG_MARKS: Readonly<Record<string, RegExp[]>> = {
  en: [STRAIGHT],
  fr: [STRAIGHT, /[^\u00a0][:;?!»]/, /«[^\u00a0]/, /[“”]/],
  ja: [STRAIGHT, WIDE_MARKS, /[“”«»]/],
  ko: [STRAIGHT, /[«»「」。，]/],
  ru: [STRAIGHT, /[“”]/],
  zh: [STRAIGHT, WIDE_MARKS, /[「」«»]/],
};

interface Text {
  key: string;
  args: Arguments;
  /** The key with the arguments. */
  call: string;
  text: string;
}

/** Every text of a language, those made of arguments once for each sample. */
function textsOf(messages: Messages): Text[] {
  const texts: Text[] = [];

  function collect(values: object, path: string): void {
    for (const [name, value] of Object.entries(values)) {
      const key = path + name;
      if (typeof value === "object") {
        collect(value, `${key}.`);
      } else if (typeof value === "string") {
        texts.push({ key, args: [], call: key, text: value });
      } else {
        const samples: Arguments[] = name === "of" ? ofNames : SAMPLES[key as Made];
        for (const args of samples) texts.push({ key, args, call: `${key}(${args.join(", ")})`, text: value(...args) });
      }
    }
  }

  collect(messages, "");
  return texts;
}

/** In Latin letters, of which a Chinese, Japanese or Korean one takes the place of two. */
function widthOf(label: string): number {
  return [...label].reduce((width, letter) => width + (/[\u3000-\uffff]/.test(letter) ? 2 : 1), 0);
}

/** The keys with the kinds of their values, sorted. */
function shapeOf(values: object, path = ""): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    typeof value === "object" ? shapeOf(value, `${path}${name}.`) : [`${path}${name}: ${typeof value}`]
  ).sort();
}

/** What the text shows of an argument, or nothing where it has no need to say it. */
function shown(locale: string, key: string, argument: string | number | undefined, index: number): string {
  if (argument === undefined || (key === "spokenEnd" && index === 1 && argument === 0)) return "";
  return typeof argument === "number" ? new Intl.NumberFormat(locale).format(argument) : argument;
}

for (const [locale, messages] of Object.entries(LANGUAGES)) {
  Deno.test(`${locale} has the keys of English`, () => {
    assertEquals(shapeOf(messages), shapeOf(en));
  });

  Deno.test(`${locale} says something everywhere, and what it is given`, () => {
    for (const { key, args, call, text } of textsOf(messages)) {
      const about = `${call} is “${text}”`;
      assert(text.trim() !== "" && text.trim() === text, about);
      assert(!/undefined|NaN|null|\[object|#|\s{2}/.test(text), about);
      for (const [index, argument] of args.entries()) {
        const part = shown(locale, key, argument, index);
        assert(text.includes(part), `${about}, without ${part}`);
      }
    }
  });

  Deno.test(`${locale} has words of its own for each category of counts`, () => {
    const rules = new Intl.PluralRules(locale);
    const counts = [...COUNTS, ...Array.from({ length: 130 }, (_, i) => i + 1)];
    const categories = new Set(counts.map((count) => rules.select(count)));
    const counted: [Made, (count: number) => string, from?: number][] = [
      ["continueAll", messages.continueAll],
      ["confirmCancelAll", messages.confirmCancelAll],
      ["spokenStart", messages.spokenStart],
      ["spokenFailures", messages.spokenFailures],
      ["linkFilesLeft", messages.linkFilesLeft],
      ["sendAll", messages.sendAll],
      ["allSafe", messages.allSafe],
      ["emptyFolders", messages.emptyFolders],
      ["filesDone", (count) => messages.filesDone(count, count)],
      ["spokenEnd", (count) => messages.spokenEnd(count, 0)],
      ["spokenEnd", (count) => messages.spokenEnd(7, count), 1],
    ];
    for (const [key, say, from = 0] of counted) {
      const wordings = new Map<Intl.LDMLPluralRule, string>();
      for (const count of counts.filter((count) => count >= from)) {
        const wording = say(count).replaceAll(/\d([\d\s.,]*\d)?/g, "…");
        const category = rules.select(count);
        assertEquals(wording, wordings.get(category) ?? wording, `${key}(${count})`);
        wordings.set(category, wording);
      }
      const same = SAME_WORDS[`${locale} ${key}`] ?? [];
      const distinct = new Set([...wordings].filter(([category]) => !same.includes(category)).map(([, text]) => text));
      assertEquals(distinct.size, categories.size - same.length, key);
    }
  });

  Deno.test(`${locale} has the marks and spaces of its language`, () => {
    for (const { key, args, text } of textsOf(messages)) {
      const parts = args.map((argument, index) => shown(locale, key, argument, index)).filter((part) => part !== "");
      // The longest first: "1,000" has a "0" in it.
      const own = parts.toSorted((a, b) => b.length - a.length).reduce(
        (rest, part) => rest.replaceAll(part, "x"),
        text,
      );
      for (const wrong of WRONG_MARKS[locale] ?? []) assert(!wrong.test(own), `${key} is “${own}”, with ${wrong}`);
    }
  });

  if (messages === en) continue;

  Deno.test(`${locale} repeats nothing of English`, () => {
    const english = new Map(textsOf(en).map(({ call, text }) => [call, text]));
    for (const { key, call, text } of textsOf(messages)) {
      if (!AS_IN_ENGLISH.includes(key)) assertNotEquals(text, english.get(call), call);
    }
  });

  Deno.test(`${locale} has short buttons, whose names have what they show`, () => {
    for (const button of BUTTONS) assert(widthOf(messages[button]) <= BUTTON_WIDTH, messages[button]);
    for (const { label, of } of Object.values(messages.actions)) {
      assert(widthOf(label) <= BUTTON_WIDTH, label);
      assert(of("movie.mkv").toLowerCase().includes(label.toLowerCase()), `${of("movie.mkv")}, without ${label}`);
    }
  });
}
