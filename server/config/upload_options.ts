import type { Option } from "./option.ts";
import { count, positiveTime, size } from "./option_values.ts";

/** The options about how uploads are received, and how much of everything there may be. */
export const UPLOAD_OPTIONS = {
  maxBytes: {
    flag: "max-size",
    value: "SIZE",
    fallback: "none",
    help: "largest file that the server accepts, such as `20GiB`",
    parse: size({ none: Infinity }),
    wanted: "a size such as 500MB or 20GiB, or none",
    isLive: true,
  } satisfies Option<number>,
  expireAfterMs: {
    flag: "expire-after",
    value: "TIME",
    // This is long enough for a week away from a good connection.
    fallback: "7d",
    help: "how long an unfinished upload is kept after its last byte, while the server runs",
    parse: positiveTime,
    wanted: "a time such as 12h or 7d",
    isLive: true,
  } satisfies Option<number>,
  /** False: offsets are acknowledged without a flush, and a power cut may take them back. */
  durable: {
    flag: "durability",
    value: "LEVEL",
    fallback: "durable",
    help: "`relaxed` is faster, but a power cut may take back, or damage, acknowledged bytes",
    parse: (text) => text === "durable" || text === "relaxed" ? text === "durable" : undefined,
    choices: ["durable", "relaxed"],
    wanted: "durable or relaxed",
  } satisfies Option<boolean>,
  idleMs: {
    flag: "idle-timeout",
    value: "TIME",
    // A phone takes less to change from one network to another.
    fallback: "60s",
    help: "how long a client may send nothing in the middle of a request",
    parse: positiveTime,
    wanted: "a time such as 60s",
    isLive: true,
  } satisfies Option<number>,
  minBytesPerSecond: {
    flag: "min-rate",
    value: "SIZE",
    fallback: "none",
    help: "slowest average of a body in bytes a second, checked after 30 s, such as `1KiB`",
    parse: size({ none: 0 }),
    wanted: "a size such as 1KiB, or none",
    isLive: true,
  } satisfies Option<number>,
  minFreeBytes: {
    flag: "min-free",
    value: "SIZE",
    // This is enough for the database, and for what is being written.
    fallback: "256MiB",
    help: "space on the disk that uploads leave free: new ones are refused, running ones stop there",
    parse: size({ none: 0 }),
    wanted: "a size such as 1GiB, or none",
    isLive: true,
  } satisfies Option<number>,
  /** The most requests of one address at a time. */
  maxPerAddress: {
    flag: "max-per-address",
    value: "NUMBER",
    // A browser opens far fewer, and one client cannot fill the memory with these.
    fallback: "256",
    help: "requests of one client address, or one /64 of IPv6, at a time; this machine's own are not counted",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
    isLive: true,
  } satisfies Option<number>,
  /** The most bytes that one owner keeps, unless its token says otherwise. */
  quotaBytes: {
    flag: "quota",
    value: "SIZE",
    fallback: "none",
    help: "bytes that one owner may keep, finished and unfinished; a token may have its own `--quota`",
    parse: size({ none: Infinity }),
    wanted: "a size such as 500GB, or none",
    isLive: true,
  } satisfies Option<number>,
  /** The most bytes that all owners keep together. */
  totalBytes: {
    flag: "max-total",
    value: "SIZE",
    fallback: "none",
    help: "bytes that are kept in all, finished and unfinished",
    parse: size({ none: Infinity }),
    wanted: "a size such as 2TB, or none",
    isLive: true,
  } satisfies Option<number>,
  /** The most unfinished uploads of one owner, and of one client address. */
  maxUnfinished: {
    flag: "max-unfinished",
    value: "NUMBER",
    // A person has far fewer, and one client cannot fill the database.
    fallback: "1000",
    help: "unfinished uploads of one owner, and of one client address; this machine's own address is not counted",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
    isLive: true,
  } satisfies Option<number>,
  /** The most uploads that one client address begins in a second. */
  maxBegunPerSecond: {
    flag: "max-begun",
    value: "NUMBER",
    fallback: "none",
    help: "uploads that one client address may begin in a second",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
    isLive: true,
  } satisfies Option<number>,
  /** The most folders that the uploads of one owner make. */
  maxFolders: {
    flag: "max-folders",
    value: "NUMBER",
    // A large tree of sources has fewer, and these take no more than 400 MB of most disks.
    fallback: "100000",
    help: "folders that the uploads of one owner make, each one inside another counted too",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
    isLive: true,
  } satisfies Option<number>,
};
