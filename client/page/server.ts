/** The part of the browser that tells where the page and its server are. */
export interface Place {
  /** The way from the page's address to the top of the server, as the server has written it into the page. */
  top: string | undefined;
  /** The page's address. */
  address: string;
}

/** The path of the server's top, without a slash at its end; empty for the top of its host. */
export function endpointAt({ top, address }: Place): string {
  return top === undefined ? "" : new URL(top, address).pathname.replace(/\/+$/, "");
}

const here = globalThis.document;

/** The path below which the server of this page lies, as the `endpoint` of uploads; empty for the top of its host. */
export const ENDPOINT = here === undefined
  ? ""
  : endpointAt({ top: here.documentElement.dataset["top"], address: here.baseURI });

/** The address of a path on the server, such as `/files/…`. */
export function onServer(path: string): string {
  return ENDPOINT + path;
}

/** The name of something that this browser keeps for the page. Two servers on one host keep theirs apart. */
export function nameHere(name: string): string {
  return ENDPOINT === "" ? name : `${name} ${ENDPOINT}`;
}
