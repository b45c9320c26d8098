const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Writes numbers for people, in the manner of one language. */
export interface Words {
  /** "67.1 MB", in units of 1000. */
  bytes(count: number): string;
  /** "2.4 MB/s". */
  speed(bytesPerSecond: number): string;
  /** "42%"; 100% only for the whole. */
  percent(part: number, whole: number): string;
  /** "12 seconds", "3 minutes", "2 hours 5 minutes". */
  duration(seconds: number): string;
}

/** `locale` is a BCP 47 tag, such as the page's `lang`. */
export function createWords(locale: string): Words {
  function unit(value: number, name: string, options: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(locale, { style: "unit", unit: name, ...options }).format(value);
  }

  function bytes(count: number, per: string): string {
    const power = count < 1000 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), BYTE_UNITS.length - 1);
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

  return {
    bytes: (count) => bytes(count, ""),
    speed: (bytesPerSecond) => bytes(Math.round(bytesPerSecond), "-per-second"),
    percent(part, total) {
      const fraction = Math.floor(part / total * 100) / 100;
      return new Intl.NumberFormat(locale, { style: "percent" }).format(fraction);
    },
    duration(seconds) {
      const minutes = Math.round(seconds / 60);
      if (seconds <= 59) return whole(Math.ceil(seconds), "second");
      if (minutes < 60) return whole(minutes, "minute");
      const hours = whole(Math.floor(minutes / 60), "hour");
      return minutes % 60 === 0 ? hours : `${hours} ${whole(minutes % 60, "minute")}`;
    },
  };
}
