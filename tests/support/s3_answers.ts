import { encodedForXml } from "../../server/storage/s3/xml.ts";

/** An answer with one element. */
export function xml(name: string, content: string, status = 200): Response {
  return new Response(`<?xml version="1.0"?><${name}>${content}</${name}>`, { status });
}

/** The most entries of one list, as on AWS. */
const MAX_LISTED = 1000;

export interface ListOptions {
  readonly query: URLSearchParams;
  /** The name of the element that tells of one entry. */
  readonly element: string;
  /** The name in the query of the most entries that are wanted. */
  readonly max: string;
  /** The key or the common prefix behind which the list goes on; `null` at its beginning. */
  readonly after: string | null;
  /** The name of the element that says where the next list goes on. */
  readonly next: string;
}

/**
 * Lists entries in the order of their keys, as S3 does. With a delimiter, all keys that go on behind the prefix with a text
 * up to it are one entry: that text, a common prefix. A list that is cut off says where the next one goes on.
 */
export function listAnswer(
  name: string,
  entries: readonly { readonly key: string; readonly content: string }[],
  { query, element, max, after, next }: ListOptions,
): Response {
  const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
  const commonOf = (key: string) => {
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    return end < 0 ? undefined : key.slice(0, end + delimiter.length);
  };
  const listed = new Map<string, string>();
  for (const { key, content } of entries.toSorted((one, other) => one.key < other.key ? -1 : 1)) {
    const common = commonOf(key);
    if (!key.startsWith(prefix) || (after !== null && (common ?? key) <= after)) continue;
    const own = `<${element}><Key>${encodedForXml(key)}</Key>${content}</${element}>`;
    if (common === undefined) listed.set(key, (listed.get(key) ?? "") + own);
    else listed.set(common, `<CommonPrefixes><Prefix>${encodedForXml(common)}</Prefix></CommonPrefixes>`);
  }
  const most = Math.min(Number(query.get(max) ?? MAX_LISTED), MAX_LISTED);
  const page = [...listed].slice(0, most);
  const isTruncated = listed.size > page.length;
  const goOn = isTruncated ? `<${next}>${encodedForXml(page.at(-1)![0])}</${next}>` : "";
  const texts = page.map(([, text]) => text).join("");
  return xml(name, `<IsTruncated>${isTruncated}</IsTruncated>${goOn}${texts}`);
}
