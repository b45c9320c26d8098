import { assert } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { createPages, type Pages } from "../../server/page/pages.ts";

/** The pages of a root of its own at `path`, with these files in it. */
export async function pagesOf(path: string, files: Record<string, string>): Promise<Pages> {
  for (const folder of ["static", "client"]) await Deno.mkdir(join(path, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(path, name)), { recursive: true });
    await Deno.writeTextFile(join(path, name), text);
  }
  return createPages({ root: path });
}

/** The folder of this checkout. */
export const root = fromFileUrl(new URL("../../", import.meta.url));

/** The pages of this checkout. */
export const pages = createPages({ root });

/** The answer to a request for a file of the page that is there. */
export async function serve(pathname: string, headers: HeadersInit = {}, from: Pages = pages): Promise<Response> {
  const response = await from.serve(pathname, new Headers(headers));
  assert(response !== undefined, `Nothing at ${pathname}`);
  return response;
}
