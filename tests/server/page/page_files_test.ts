import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { createPages, type Pages } from "../../../server/page/pages.ts";
import { pagesOf } from "../../support/pages.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { needsAll } from "../../support/needs_all.ts";

/** The text at a path; `undefined` where nothing is served there. */
async function textOf(pages: Pages, path: string): Promise<string | undefined> {
  return await (await pages.serve(path, new Headers()))?.text();
}

Deno.test(
  "serve() gives what lay there at the start, as it was then, and nothing that comes later or led elsewhere",
  needsAll,
  async () => {
    await using dir = await tempDir();
    const own = await pagesOf(dir.path, {
      "secret.html": "secret",
      "static/a.html": "a",
      "static/b.html": "b",
      "static/c.html": "c",
      "client/page/d.ts": "const d = 1;",
      "elsewhere/d.ts": "const d = 2;",
    });
    const at = (path: string) => join(dir.path, path);
    await Deno.writeTextFile(at("static/later.html"), "later");
    await Deno.symlink(at("secret.html"), at("static/link.html"));
    await Deno.writeTextFile(at("static/a.html"), "edited");
    await Deno.remove(at("static/b.html"));
    await Deno.symlink(at("secret.html"), at("static/b.html"));
    await Deno.remove(at("static/c.html"));
    await Deno.remove(at("client/page"), { recursive: true });
    await Deno.symlink(at("elsewhere"), at("client/page"));
    const first = { "/a.html": "a", "/b.html": "b", "/c.html": "c", "/client/page/d.ts": "const d = 1;" };
    for (const [path, text] of Object.entries(first)) assertEquals([path, await textOf(own, path)], [path, text]);
    for (const path of ["/later.html", "/link.html"]) assertEquals([path, await textOf(own, path)], [path, undefined]);
    const again = createPages({ root: dir.path });
    assertEquals(await textOf(again, "/later.html"), "later");
    assertEquals(await textOf(again, "/link.html"), undefined);
  },
);

Deno.test("no upload is a page, even where the data folder lies among the page's files", async () => {
  await using dir = await tempDir();
  await pagesOf(dir.path, { "static/index.html": "page", "client/page/main.ts": "" });
  for (const data of ["static", "client"]) {
    const names = ["files/page.ts", "files/page.html", "incoming/page.ts"];
    for (const name of names) {
      await Deno.mkdir(dirname(join(dir.path, data, name)), { recursive: true });
      await Deno.writeTextFile(join(dir.path, data, name), "");
    }
    const except = ["files", "incoming"].map((folder) => join(dir.path, data, folder));
    const own = createPages({ root: dir.path, except: [...except, join(dir.path, "none")] });
    for (const name of names) assertEquals(await textOf(own, `/${data}/${name}`), undefined);
    assertEquals(await textOf(own, "/index.html"), "page");
  }
  await Deno.remove(join(dir.path, "static"), { recursive: true });
  await Deno.rename(join(dir.path, "client/files"), join(dir.path, "static"));
  const except = [join(dir.path, "static")];
  assertEquals(await textOf(createPages({ root: dir.path, except }), "/page.html"), undefined);
});
