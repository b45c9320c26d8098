/** What an upload is known by: the server that it goes to, empty for the page's own, and its `X-File-Id` there. */
export interface KnownBy {
  url: string;
  id: string;
}

/** Tells the uploads of a browser apart: one file may go to two servers. */
export function uploadKey({ url, id }: KnownBy): string {
  return url === "" ? id : `${url} ${id}`;
}
