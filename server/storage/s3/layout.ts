/** The length of a part in bytes. All parts of a multipart upload but its last have it, as Cloudflare R2 wants. */
export const PART_BYTES = 8 * 1024 * 1024;

/** The most parts of one multipart upload, which S3 allows. With them it is completed, and another one goes on. */
export const MAX_PARTS = 10_000;

/** Bytes in one object: `size` of them from byte `from` on. The object may have further bytes, which do not count. */
export interface Piece {
  readonly key: string;
  readonly from: number;
  readonly size: number;
}

/** A piece of an object that was made by a multipart upload, or is still being made by one. */
export interface Large extends Piece {
  /** The multipart upload; left out when it is completed and the object is there. */
  readonly uploadId?: string;
  /** How many parts of it were sent. Their ETags are kept elsewhere (`kept_layout.ts`). */
  readonly parts?: number;
  /** True when it takes no further part: a part may have been sent that is not among its parts. */
  readonly isFrozen?: boolean;
  /** True when the object has, or will have, further bytes behind those of the piece. */
  readonly isCut?: boolean;
}

/** The places of an unfinished upload's bytes: those of the large pieces first, and those of the small ones behind them. */
export interface Layout {
  readonly large: readonly Large[];
  readonly small: readonly Piece[];
  /** When the client's file was last modified, in milliseconds since 1970. */
  readonly modifiedAt?: number;
  /**
   * The key of the finished file, while it is put together by a multipart upload under its own name. After a crash one may
   * be left there.
   */
  readonly placing?: string;
}

/** A multipart upload on its way. */
export interface Multipart {
  readonly key: string;
  readonly uploadId: string;
}

/** The layout of no bytes. */
export const EMPTY: Layout = { large: [], small: [] };

const sizeOf = (pieces: readonly Piece[]) => pieces.reduce((sum, { size }) => sum + size, 0);

/** How many bytes the large pieces have. The part that is not full yet begins there. */
export function largeBytes({ large }: Layout): number {
  return sizeOf(large);
}

/** How many bytes the layout has. */
export function lengthOf(layout: Layout): number {
  return sizeOf(layout.large) + sizeOf(layout.small);
}

/** True while a multipart upload is on its way. */
export function isMultipart({ large }: Layout): boolean {
  return large.some(({ uploadId }) => uploadId !== undefined);
}

/**
 * The multipart upload that may go on with the next part: the last one, if all of its parts count and all are full.
 * `undefined` when a new one has to begin.
 */
export function continued({ large }: Layout): Multipart | undefined {
  const last = large.at(-1);
  if (last?.uploadId === undefined || last.isFrozen || last.from !== 0) return undefined;
  if (last.size !== (last.parts ?? 0) * PART_BYTES) return undefined;
  return { key: last.key, uploadId: last.uploadId };
}

/**
 * Adds the next part of a multipart upload. It has `size` bytes, and the first of them are those of all small pieces,
 * which go. A part of another length than {@linkcode PART_BYTES} is the last of its multipart upload.
 */
export function withPart(layout: Layout, { key, uploadId }: Multipart, size: number): Layout {
  const last = layout.large.at(-1);
  const goesOn = last?.uploadId === uploadId && last.key === key;
  const next: Large = goesOn
    ? { ...last, parts: (last.parts ?? 0) + 1, size: last.size + size }
    : { key, uploadId, parts: 1, from: 0, size };
  const before = goesOn ? layout.large.slice(0, -1) : withFrozen(layout).large;
  return { ...layout, large: [...before, next], small: [] };
}

/** Says that the multipart uploads take no further part. */
export function withFrozen(layout: Layout): Layout {
  const isOpen = ({ uploadId, isFrozen }: Large) => uploadId !== undefined && !isFrozen;
  if (!layout.large.some(isOpen)) return layout;
  return { ...layout, large: layout.large.map((piece) => isOpen(piece) ? { ...piece, isFrozen: true } : piece) };
}

/** Adds a small object behind all bytes. The small pieces from number `from` on go: it has their bytes too. */
export function withSmall(layout: Layout, small: Piece, from: number): Layout {
  return { ...layout, small: [...layout.small.slice(0, from), small] };
}

/** Says that a multipart upload is completed: its object is there. `isCut` when it has more parts than the layout. */
export function withSealed(layout: Layout, { key, uploadId }: Multipart, isCut = false): Layout {
  const large = layout.large.map((piece): Large => {
    if (piece.key !== key || piece.uploadId !== uploadId) return piece;
    const { from, size } = piece;
    return { key, from, size, ...(isCut || piece.isCut) && { isCut: true } };
  });
  return { ...layout, large };
}

/** The object that has all bytes of a layout and no others; `undefined` when there is none. */
export function wholeObject({ large, small }: Layout): Piece | undefined {
  const [only, ...others] = large;
  if (only === undefined || others.length + small.length > 0) return undefined;
  const isWhole = only.uploadId === undefined && only.from === 0 && !only.isCut;
  return isWhole ? only : undefined;
}

/** Cuts the layout to its first `length` bytes. The objects stay as they are. */
export function withCut(layout: Layout, length: number): Layout {
  let rest = length;
  const cut = <P extends Piece>(pieces: readonly P[], mark: object): P[] => {
    const kept: P[] = [];
    for (const piece of pieces) {
      const size = Math.min(piece.size, rest);
      rest -= size;
      if (size > 0) kept.push(size === piece.size ? piece : { ...piece, size, ...mark });
    }
    return kept;
  };
  return { ...layout, large: cut(layout.large, { isCut: true }), small: cut(layout.small, {}) };
}

/** The pieces that bytes `start` up to, but not including, `end` lie in, in their order. */
export function piecesBetween(layout: Layout, start: number, end: number): Large[] {
  const found: Large[] = [];
  let at = 0;
  for (const piece of [...layout.large, ...layout.small]) {
    const [first, last] = [Math.max(start, at), Math.min(end, at + piece.size)];
    if (last > first) found.push({ ...piece, from: piece.from + first - at, size: last - first });
    at += piece.size;
  }
  return found;
}

/** The keys of objects that `before` needs and `after` does not. */
export function unneeded(before: Layout, after: Layout): string[] {
  // Most changes add at the end. What has stayed in its place is needed.
  const changed = [
    ...before.large.filter((piece, at) => piece !== after.large[at]),
    ...before.small.filter((piece, at) => piece !== after.small[at]),
  ];
  if (changed.length === 0) return [];
  const needed = new Set([...after.large, ...after.small].map(({ key }) => key));
  return changed.map(({ key }) => key).filter((key) => !needed.has(key));
}

/** From this number of small objects on, some are written anew as one: by one append of a hundred at most. */
const MANY = 128;
/** From this number of small objects on all are. */
const TOO_MANY = 192;

/**
 * The number of the first small piece whose bytes the next small object is to have too, when `size` new bytes come. As
 * long as there are few, none is. Later those go that are not much longer than what comes behind them, so each byte is
 * written anew as often as a logarithm says, and not with every object.
 */
export function firstToMerge(small: readonly Piece[], size: number): number {
  if (small.length < MANY) return small.length;
  if (small.length >= TOO_MANY) return 0;
  let first = small.length;
  for (let total = size; first > 0 && small[first - 1]!.size <= 2 * total; first--) total += small[first - 1]!.size;
  return first;
}

/** Reads a layout from its row. Throws for anything that is none. */
export function readLayout(value: unknown): Layout {
  const { large, small, modifiedAt, placing } = Object(value) as Record<keyof Layout, unknown>;
  const isLayout = Array.isArray(large) && large.every(isPiece) && Array.isArray(small) && small.every(isPiece);
  if (!isLayout) throw new Error("The row of an upload's bytes has no layout that this version can read");
  return {
    large,
    small,
    ...typeof modifiedAt === "number" && { modifiedAt },
    ...typeof placing === "string" && { placing },
  };
}

function isPiece(value: unknown): boolean {
  const { key, from, size } = Object(value) as Record<keyof Piece, unknown>;
  return typeof key === "string" && Number.isSafeInteger(from) && Number.isSafeInteger(size);
}
