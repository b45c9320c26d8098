const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"];

/**
 * Corrections of `Intl`, for languages in which software usually writes otherwise. A line does not break between a number
 * and its unit. The page's style keeps the letters of a unit together.
 */
const MENDED: Readonly<Record<string, readonly [wrong: RegExp, right: string][]>> = {
  en: [[/byte\/s/, "B/s"]],
  fr: [[/(\d) /g, "$1\u00a0"]],
  ja: [[/byte\//, "B/"], [/\s(?![A-Z])/g, ""], [/(\d) /g, "$1\u00a0"]],
  ko: [[/byte\//, "B/"], [/kB/, "KB"]],
  // `Intl` writes the unit "second" with a Latin c. Russian needs the Cyrillic letter that looks the same.
  ru: [[/кБ/, "КБ"], [/\/c/, "/с"], [/(\d) /g, "$1\u00a0"]],
  zh: [[/秒钟/, "秒"], [/(\d)(\p{Script=Han})/gu, "$1 $2"], [/(\d) /g, "$1\u00a0"], [/kB/, "KB"]],
};

/** Writes numbers as people write them in one language. */
export interface Words {
  /** Writes a number of bytes, such as "67.1 MB", in units of 1000. */
  bytes(count: number): string;
  /** Writes a speed, such as "2.4 MB/s". */
  speed(bytesPerSecond: number): string;
  /** Writes a share, such as "42%". Only the whole is 100%. */
  percent(part: number, whole: number): string;
  /** Writes a duration, such as "12 seconds", "3 minutes" or "2 hours 5 minutes". */
  duration(ms: number): string;
  /** Writes a date with its time of day, without seconds. */
  time(date: Date): string;
}

/** Makes the words of a language. `locale` is its tag (BCP 47), such as the page's `lang`. */
export function createWords(locale: string): Words {
  const mended = MENDED[new Intl.Locale(locale).language] ?? [];

  function mend(text: string): string {
    return mended.reduce((text, [wrong, right]) => text.replace(wrong, right), text);
  }

  // Making a format takes longer than writing a row of the list, so formats are kept.
  const formats = new Map<string, Intl.NumberFormat>();

  function unit(value: number, name: string, options: Intl.NumberFormatOptions): string {
    const key = `${name} ${options.unitDisplay}`;
    let format = formats.get(key);
    if (format === undefined) {
      format = new Intl.NumberFormat(locale, { style: "unit", unit: name, ...options });
      formats.set(key, format);
    }
    return mend(format.format(value));
  }

  function bytes(count: number, per: string): string {
    let power = 0;
    // A number that would be written as 1000.0 of a unit is written as 1.0 of the next.
    while (count / 1000 ** power >= 999.95 && power < BYTE_UNITS.length - 1) power++;
    const digits = power === 0 ? 0 : 1;
    return unit(count / 1000 ** power, BYTE_UNITS[power] + per, {
      unitDisplay: power === 0 && per === "" ? "long" : "short",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  }

  function whole(value: number, name: string): string {
    return unit(value, name, { unitDisplay: "long", maximumFractionDigits: 0 });
  }

  // The first format of a page takes longest, and the page is to be shown before.
  let times: Intl.DateTimeFormat | undefined;
  let percents: Intl.NumberFormat | undefined;

  return {
    bytes: (count) => bytes(count, ""),
    speed: (bytesPerSecond) => bytes(Math.round(bytesPerSecond), "-per-second"),
    percent(part, total) {
      const fraction = Math.floor(part * 100 / total) / 100;
      percents ??= new Intl.NumberFormat(locale, { style: "percent" });
      return percents.format(fraction);
    },
    time(date) {
      times ??= new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
      return times.format(date);
    },
    duration(ms) {
      const seconds = ms / 1000;
      const minutes = Math.round(seconds / 60);
      if (seconds <= 59) return whole(Math.ceil(seconds), "second");
      if (minutes < 60) return whole(minutes, "minute");
      const hours = whole(Math.floor(minutes / 60), "hour");
      return minutes % 60 === 0 ? hours : mend(`${hours} ${whole(minutes % 60, "minute")}`);
    },
  };
}
