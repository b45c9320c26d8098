/** The way in which a browser opens a file: it shows it, or saves it. */
export type Disposition = "inline" | "attachment";

/** Gives the `Content-Disposition` for a name in any script (RFC 6266, section 4.3; RFC 8187, section 3.2). */
export function contentDisposition(disposition: Disposition, name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["%\\]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
