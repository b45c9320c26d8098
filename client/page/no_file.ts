/** The thing that somebody has dropped or pasted in the place of a file. */
export type NoFile = "link" | "text";

const LINKS = ["text/uri-list", "text/x-moz-url"];
const TEXTS = ["text/plain", "text/html"];
const ADDRESS = /^\s*[a-z][a-z0-9+.-]*:\/\/\S+\s*$/i;

/** Tells what came if no file did. `undefined` when nothing can be told. */
export function notAFile(data: Pick<DataTransfer, "types" | "getData">): NoFile | undefined {
  if (data.types.some((type) => LINKS.includes(type)) || ADDRESS.test(data.getData("text/plain"))) return "link";
  return data.types.some((type) => TEXTS.includes(type)) ? "text" : undefined;
}
