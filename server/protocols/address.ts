import { ID_FORM } from "../model/id.ts";

/** The path of an upload, from end to end; its one group is the id. */
export const ADDRESS = new RegExp(`^/files/(${ID_FORM})$`);

const ADDRESS_END = new RegExp(`/files/(${ID_FORM})$`);

/** The path of an upload on this server. */
export function addressOf(id: string): string {
  return `/files/${id}`;
}

/** The id of the upload whose address a path ends with; a proxy may have put folders before it. `undefined` for none. */
export function idInPath(path: string): string | undefined {
  return ADDRESS_END.exec(path)?.[1];
}
