import { ID_FORM } from "../model/id.ts";

/** The pattern of an upload's whole path. Its one group is the id. */
export const ADDRESS = new RegExp(`^/files/(${ID_FORM})$`);

const ADDRESS_END = new RegExp(`/files/(${ID_FORM})$`);

/** Gives the address of an upload on the server at `above`: a path, or a URL, without a slash at its end. */
export function addressOf(id: string, above: string): string {
  return `${above}/files/${id}`;
}

/**
 * The id in a path that ends with an upload's path; a proxy may have put folders before that. `undefined` for any other
 * path.
 */
export function idInPath(path: string): string | undefined {
  return ADDRESS_END.exec(path)?.[1];
}
