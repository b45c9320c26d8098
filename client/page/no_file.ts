/** The thing that somebody has dropped or pasted in the place of a file. */
export type NoFile = "link" | "text";

const LINKS = ["text/uri-list", "text/x-moz-url"];
const TEXTS = ["text/plain", "text/html"];
const ADDRESS = /^\s*[a-z][a-z0-9+.-]*:\/\/\S+\s*$/i;

/** Tells what came if no file did. `undefined` when nothing can be told. */
export function notAFile(data: Pick<DataTransfer, "types" | "getData">): NoFile | undefined {
  const links = data.types.filter((type) => LINKS.includes(type));
  // In the place of a file that was copied WebKit on Linux gives a link that leads nowhere, and nothing else.
  const isKeptBack = links.length === data.types.length && links.every((type) => data.getData(type) === "");
  if (links.length > 0 && !isKeptBack || ADDRESS.test(data.getData("text/plain"))) return "link";
  return data.types.some((type) => TEXTS.includes(type)) ? "text" : undefined;
}
