const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = MONTHS.join("|");

/** `Sun, 06 Nov 1994 08:49:37 GMT`, the form that is sent today. */
const IMF_FIXDATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d\\d) (?<month>${MONTH}) (?<year>\\d{4}) (?<time>\\d\\d:\\d\\d:\\d\\d) GMT$`,
);
/** `Sunday, 06-Nov-94 08:49:37 GMT`, with two digits for the year. */
const RFC_850 = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, ` +
    `(?<day>\\d\\d)-(?<month>${MONTH})-(?<year>\\d\\d) (?<time>\\d\\d:\\d\\d:\\d\\d) GMT$`,
);
/** `Sun Nov  6 08:49:37 1994`, in which the day may be one digit. */
const ASCTIME = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>${MONTH}) (?<day>[ \\d]\\d) (?<time>\\d\\d:\\d\\d:\\d\\d) (?<year>\\d{4})$`,
);

/** How far in the future a year of two digits may lie. A later one is of the century before. */
const FUTURE_YEARS = 50;

/**
 * Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7). Gives milliseconds since 1970; `undefined` for
 * anything else. `now`, in milliseconds since 1970, tells the century of a year with two digits.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const found = IMF_FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text);
  const { day = "", month = "", year = "", time = "" } = found?.groups ?? {};
  if (found === null) return undefined;
  const [hour = 0, minute = 0, second = 0] = time.split(":").map(Number);
  // A second of 60 is a leap second, which counts as the first one of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(
    year.length === 2 ? fullYear(Number(year), now) : Number(year),
    MONTHS.indexOf(month),
    Number(day),
  );
  if (date.getUTCDate() !== Number(day)) return undefined;
  return date.setUTCHours(hour, minute, second);
}

/** Writes a time in milliseconds since 1970 as an HTTP date, which has whole seconds. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function fullYear(lastDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - thisYear % 100 + lastDigits;
  return year > thisYear + FUTURE_YEARS ? year - 100 : year;
}
