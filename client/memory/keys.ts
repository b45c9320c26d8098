/** The key of an upload: its server, empty for the page's own, and its `X-File-Id` there. */
export interface KnownBy {
  /** The `endpoint` of the upload; empty for the server that the page came from. */
  url: string;
  /** The `X-File-Id` of the upload. */
  id: string;
}

/** Gives the key of an upload in this browser. One file may go to two servers, so the key has both. */
export function uploadKey({ url, id }: KnownBy): string {
  return url === "" ? id : `${url} ${id}`;
}

/** The facts of a file that stay the same when the same file is chosen again. */
export interface FileLook {
  /** The file's name. */
  name: string;
  /** Its size in bytes. */
  size: number;
  /** Its time of last change, in milliseconds since 1970. */
  lastModified: number;
  /** Its path inside the folder that is uploaded. Default: its name. */
  path?: string | undefined;
}

/**
 * Gives a key that is equal for files that look the same. Such files count as one file until their bytes are compared.
 */
export function fileKey({ name, size, lastModified, path = name }: FileLook): string {
  return `${size} ${lastModified} ${path}`;
}

/** True when two files look the same, whatever folders they were chosen with. */
export function isSameFile(one: FileLook, other: FileLook): boolean {
  const [first, second] = [one, other].map(({ name, size, lastModified }) => fileKey({ name, size, lastModified }));
  return first === second;
}
