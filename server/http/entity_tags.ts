/** An entity tag as a client sends it (RFC 9110, section 8.8.3). */
export interface EntityTag {
  readonly isWeak: boolean;
  /** The text with its quotes. */
  readonly opaque: string;
}

const TAG = String.raw`(?<weak>W/)?(?<opaque>"[\x21\x23-\x7e\x80-\xff]*")`;
const ONE = new RegExp(`^${TAG}$`);
/** One element of a list, which may be empty, and the comma behind it. */
const ELEMENT = new RegExp(String.raw`[ \t]*(?:${TAG}[ \t]*)?(?:,|$)`, "y");

/** Reads one entity tag; `undefined` for anything else. */
export function parseEntityTag(text: string): EntityTag | undefined {
  return tagOf(ONE.exec(text));
}

/**
 * Reads the list of entity tags of `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2). `"*"` stands
 * for any. A malformed list is empty: no tag matches it.
 */
export function parseEntityTags(text: string): "*" | readonly EntityTag[] {
  if (text.trim() === "*") return "*";
  const tags: EntityTag[] = [];
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < text.length) {
    const found = ELEMENT.exec(text);
    if (found === null) return [];
    const tag = tagOf(found);
    if (tag !== undefined) tags.push(tag);
  }
  return tags;
}

/** Compares a client's tag with a strong one, so that a weak tag equals none (RFC 9110, section 8.8.3.2). */
export function equalsStrongly({ isWeak, opaque }: EntityTag, strong: string): boolean {
  return !isWeak && opaque === strong;
}

/** Compares a client's tag with a strong one, whether the client's is weak or not (RFC 9110, section 8.8.3.2). */
export function equalsWeakly({ opaque }: EntityTag, strong: string): boolean {
  return opaque === strong;
}

function tagOf(found: RegExpExecArray | null): EntityTag | undefined {
  const { weak, opaque } = found?.groups ?? {};
  return opaque === undefined ? undefined : { isWeak: weak !== undefined, opaque };
}
