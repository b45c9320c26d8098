/**
 * A possible state of the upload that a client's id means. A crash, a cut or a race can end in several ways, so the
 * model keeps several worlds, each of which may be the true one. An answer rules out those that could not give it; when
 * none is left, the server has said what it may not say.
 */
export interface World {
  /** Which file is sent; `undefined` where there is no upload. */
  readonly file: number | undefined;
  /** The least number of bytes that the server holds: those that it acknowledged. */
  readonly least: number;
  /** The greatest number of bytes that the server holds: those that were sent. */
  readonly most: number;
  readonly length: number | undefined;
  /** The length of the file that the given digest is of; -1 for a digest of other bytes. */
  readonly digestOf: number | undefined;
  readonly finished: boolean;
  /** Whether more than half of the time that it is kept has passed since its last byte. */
  readonly old: "no" | "yes" | "maybe";
  /** A request that may still be writing to it. */
  readonly writer: Writer | undefined;
  /** Its address, where an answer has told it. */
  readonly location: string | undefined;
  /** The address of the upload in whose place it came. */
  readonly instead: string | undefined;
  /** The finished files of uploads that had the same client's id before. */
  readonly earlier: readonly FinishedFile[];
}

export interface Writer {
  /** The state when the request came. It still holds if the server ends before it begins the request. */
  readonly before: World;
  /** It is known to hold the upload, and its client to be there. */
  readonly open: boolean;
  /** The instance that it was sent to. */
  readonly at: number;
  /** How many bytes of the upload have come there, where that is known. */
  readonly came?: number | undefined;
}

export interface FinishedFile {
  readonly file: number;
  readonly length: number;
  readonly location: string | undefined;
}

/** No upload has the client's id. */
export const NOTHING: World = {
  file: undefined,
  least: 0,
  most: 0,
  length: undefined,
  digestOf: undefined,
  finished: false,
  old: "no",
  writer: undefined,
  location: undefined,
  instead: undefined,
  earlier: [],
};

/** One way in which a request may end. */
export interface Outcome {
  /** Status and line of the answer; `#` stands for its `Upload-Offset`, `…` for any end of the line. */
  readonly says: string;
  readonly world: World;
  /** An offset that the answer cannot have. */
  readonly not?: number;
  /** The offset in the answer is the refused request's, not the upload's. */
  readonly ofRequest?: true;
  /**
   * The least offset that an answer can have which comes soon: its instance has waited for the bytes of the request that
   * was writing, wherever that is. It does without them only after the other instance was silent.
   */
  readonly soonFrom?: number | undefined;
}

/** The part of an answer that the model compares. */
export interface Said {
  /** Status and body. */
  readonly line: string;
  readonly offset: number | undefined;
  readonly length: number | undefined | "untold";
  readonly complete: boolean | undefined;
  readonly location: string | undefined;
  /** It came before another instance could count as silent. */
  readonly isSoon?: boolean;
}

/** The world after an answer, or `undefined` if the outcome does not give that answer. */
export function seen({ says, world, not, ofRequest, soonFrom = 0 }: Outcome, said: Said): World | undefined {
  const expected = says.replace("#", String(said.offset));
  const isSaid = expected.endsWith("…") ? said.line.startsWith(expected.slice(0, -1)) : said.line === expected;
  if (!isSaid || said.line.includes("\n")) return undefined;
  if (said.offset === undefined || ofRequest) return world;
  if (said.isSoon && said.offset < soonFrom) return undefined;
  if (said.offset < world.least || said.offset > world.most || said.offset === not) return undefined;
  // Bytes that a crash has left uncounted may count as new ones when they are found.
  const old = oldOnceCounted(world);
  const met = { ...world, least: said.offset, most: said.offset, old };
  return said.line.startsWith("200 ") ? described(met, said) : met;
}

/** A positive answer tells more than the offset, and all of it must be so. */
function described(world: World, { length, complete, location }: Said): World | undefined {
  const { file, finished, instead } = world;
  if (length !== "untold" && length !== world.length) return undefined;
  if (complete !== finished || (location === undefined) !== (file === undefined)) return undefined;
  const isOther = world.location === undefined
    ? location !== undefined && location === instead
    : location !== world.location;
  return isOther ? undefined : { ...world, location };
}

/** Bytes that a crash left uncounted are counted when somebody comes for them, and may be as fresh as that. */
export function oldOnceCounted({ least, most, old }: World): World["old"] {
  return least < most && old === "yes" ? "maybe" : old;
}
