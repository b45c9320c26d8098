// The functions that run in a page are typed as there.
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import { browserTest, openPage } from "../support/browser.ts";
import { openElsewhere } from "../support/harmful_page.ts";
import { startSite } from "../support/test_site.ts";

// `/client/mod.js` is the whole library in one module. `/client/mod.ts` imports the others one by one.
for (const module of ["/client/mod.js", "/client/mod.ts"]) {
  browserTest(`a page of another origin imports ${module} and uploads with it`, async () => {
    await using elsewhere = openElsewhere();
    const origin = `http://127.0.0.1:${elsewhere.addr.port}`;
    await using site = await startSite({ args: ["--allow-origin", origin] });
    await using other = await openPage(origin);
    const location = await other.page.evaluate(async ([endpoint, module]) => {
      const { Uploader }: typeof import("../../client/mod.ts") = await import(`${endpoint}${module}`);
      const uploader = new Uploader({ file: new Blob(["from elsewhere"]), name: "note.txt", endpoint });
      await uploader.upload();
      return uploader.href;
    }, [site.pawl.url, module] as const);
    assertEquals(new URL(location!).origin, site.pawl.url);
    assertEquals(await site.finished(), ["note.txt"]);
    assertEquals(other.complaints, []);
  });
}
