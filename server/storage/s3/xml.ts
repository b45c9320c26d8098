/**
 * The contents of the elements with a name, in their order, in an answer of an S3 server. An element of this name within
 * another one of it is not looked for: S3 has none.
 */
export function elementsOf(xml: string, name: string): string[] {
  const found: string[] = [];
  // A name ends at a space, a slash or the bracket: <Part> is not <PartNumber>.
  const begin = new RegExp(`<${name}(?:\\s[^<>]*)?(/?)>`, "g");
  const close = `</${name}>`;
  for (let match = begin.exec(xml); match !== null; match = begin.exec(xml)) {
    if (match[1] === "/" || match[0].endsWith("/>")) {
      found.push("");
      continue;
    }
    const end = xml.indexOf(close, begin.lastIndex);
    if (end < 0) break;
    found.push(xml.slice(begin.lastIndex, end));
    begin.lastIndex = end + close.length;
  }
  return found;
}

/** The text of the first element with a name; `undefined` when there is none. */
export function textOf(xml: string, name: string): string | undefined {
  const content = elementsOf(xml, name)[0];
  return content === undefined ? undefined : decoded(content);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.trim().replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w+));/gi, (entity, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? entity;
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}

/** Encodes a text to stand in an element. */
export function encodedForXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
