import { basename } from "@std/path";
import type { Random } from "../support/random.ts";
import { sha256Of, Source } from "../support/sources.ts";

/** The plan of a client for one file. */
export interface Plan {
  readonly id: string;
  readonly source: Source;
  /** The headers that go with each of its requests. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bodies come in chunks, without a length. */
  readonly chunked: boolean;
  /** It tells the file's size; without it every body goes to the end. */
  readonly sized: boolean;
  /** The most that one request has. */
  readonly bodyBytes: number;
  /** The most that is sent in one go, and how long it waits after it. */
  readonly pieceBytes: number;
  readonly pauseMs: number;
  /** Each body has its own digest. */
  readonly bodyDigest: boolean;
  /** How often the last byte of a body is not the file's: its digest tells. */
  readonly damage: number;
  /** It never asks, and sends the whole file from byte 0 until it hears that it is there. */
  readonly careless: boolean;
  /** The upload's fate, half-way or when it is finished. */
  readonly fate: "keep" | "terminate" | "remove";
}

/** Room for several of the server's checkpoints in one request. */
export const LONG_BYTES = 40_000_000;

/** How large the files of one client are. */
export type SizeClass = "small" | "any" | "long";

/** The text by which a finished file is recognised: its bytes, or its name if it has none. */
export function traitOf(path: string, { sha256, size }: { sha256: string; size: number }): string {
  return size > 0 ? sha256 : basename(path).replace(/ \(\d+\)/, "");
}

/** Draws what the client with this `number` does; no two numbers have the same file. */
export function drawPlan(random: Random, number: number, sizeClass: SizeClass): Plan {
  const size = drawSize(random, sizeClass);
  const source = new Source(size, number * 7919);
  const careless = size < 10_000 && random.chance(0.1);
  const sized = random.chance(0.6);
  const isDamaging = !careless && random.chance(0.2);
  const fileDigest = isDamaging || random.chance(0.25);
  const bodyDigest = isDamaging || random.chance(0.25);
  return {
    id: `${number}-kill-${size}`,
    source,
    headers: {
      // Names that many files want, and names in folders that several make at a time.
      "X-File-Name": size > 0 && random.chance(0.3) ? "same.bin" : `${number}.bin`,
      ...random.chance(0.2) && { "X-File-Path": `folder-${random.integer(1, 3)}/${number}/file` },
      ...random.chance(0.2) && { "X-File-Modified": "1700000000000" },
      ...sized && { "X-File-Size": String(size) },
      ...fileDigest && { "Repr-Digest": digestHeader(source.pieces(0, size)) },
    },
    chunked: random.chance(0.3),
    sized,
    bodyBytes: sized && !careless && random.chance(0.6) ? Math.ceil(size / random.integer(1, 12)) || 1 : Infinity,
    pieceBytes: random.integer(1024, 262_144),
    pauseMs: sizeClass === "any" && random.chance(0.5) ? random.integer(1, 10) : 0,
    bodyDigest,
    damage: isDamaging ? 0.5 : 0,
    careless,
    fate: careless ? "keep" : random.pick(["keep", "keep", "keep", "keep", "terminate", "remove", "remove"]),
  };
}

/** `Content-Digest` or `Repr-Digest` of some bytes. */
export function digestHeader(pieces: Iterable<Uint8Array>): string {
  return `sha-256=:${Uint8Array.fromHex(sha256Of(pieces)).toBase64()}:`;
}

function drawSize(random: Random, sizeClass: SizeClass): number {
  switch (sizeClass) {
    case "small":
      return random.chance(0.1) ? 0 : random.integer(1, 8192);
    case "any":
      return Math.floor(2 ** (random.next() * 10 + 12));
    case "long":
      return random.integer(LONG_BYTES, LONG_BYTES * 1.5);
  }
}
