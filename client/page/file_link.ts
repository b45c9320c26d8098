import { onServer } from "./server.ts";

/** The links to finished files that a person passes on. */
export class FileLinks {
  /**
   * True when the visitor may make links by which others get a file without a sign-in. On a server that lets anybody in
   * a file's address is such a link.
   */
  mayMake = false;
  readonly #made = new Map<string, string>();

  /**
   * Gives the link to the finished file at `location`. If none can be made it is the file's address, which asks the one
   * who opens it for the right to read.
   */
  async to(location: string): Promise<string> {
    const made = this.#made.get(location) ?? (this.mayMake ? await make(location).catch(() => undefined) : undefined);
    if (made !== undefined) this.#made.set(location, made);
    return new URL(made ?? onServer(location), document.baseURI).href;
  }
}

/** Makes a download link. `undefined` when the server refuses that. */
async function make(location: string): Promise<string | undefined> {
  const answer = await fetch(onServer("/api/links"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ kind: "download", file: location.split("/").at(-1) }),
  });
  if (!answer.ok) return undefined;
  const { url }: { url: unknown } = await answer.json();
  return typeof url === "string" ? url : undefined;
}
