import { assertEquals, assertRejects } from "@std/assert";
import { Deletions } from "../../../client/page/deletions.ts";
import { UploadLink } from "../../../client/page/upload_link.ts";
import { turns } from "../support/turns.ts";

/** Runs `work` in a page whose keyboard is nowhere, and whose timers fire when `pass` is called. */
async function inPage(work: (pass: () => Promise<void>) => Promise<void>): Promise<void> {
  const before = { setTimeout, clearTimeout };
  const timers = new Map<number, () => void>();
  let last = 0;
  Object.assign(globalThis, {
    document: { activeElement: null },
    setTimeout: (run: () => void) => (timers.set(++last, run), last),
    clearTimeout: (timer: number) => void timers.delete(timer),
  });
  const pass = async () => {
    for (const [timer, run] of [...timers]) {
      timers.delete(timer);
      run();
    }
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  try {
    await work(pass);
  } finally {
    Object.assign(globalThis, before);
    Reflect.deleteProperty(globalThis, "document");
  }
}

Deno.test("a deletion can be undone until the server is told of it, and not any more then", async () => {
  await inPage(async (pass) => {
    const changes: string[] = [];
    const deletions = new Deletions((location) => changes.push(location));
    const removed = Promise.withResolvers<void>();
    const kept = deletions.begin("/files/kept", () => Promise.reject(new Error("It is kept")));
    const gone = deletions.begin("/files/gone", () => removed.promise);
    assertEquals([deletions.canUndo("/files/kept"), deletions.has("/files/kept")], [true, true]);
    deletions.undo("/files/kept");
    assertEquals([await kept, deletions.canUndo("/files/kept"), deletions.has("/files/kept")], [false, false, false]);
    await pass();
    assertEquals([deletions.canUndo("/files/gone"), deletions.has("/files/gone")], [false, true]);
    deletions.undo("/files/gone");
    assertEquals(deletions.has("/files/gone"), true, "It says that it is being deleted, because it is");
    removed.resolve();
    assertEquals([await gone, deletions.has("/files/gone")], [true, false]);
    const told = [["kept", 2], ["gone", 3]] as const;
    for (const [name, count] of told) assertEquals(changes.filter((one) => one.endsWith(name)).length, count, name);
  });
});

Deno.test("a deletion that the server refuses can be begun again", async () => {
  await inPage(async (pass) => {
    const deletions = new Deletions(() => {});
    const refused = deletions.begin("/files/a", () => Promise.reject(new Error("No")));
    await Promise.all([assertRejects(() => refused, Error, "No"), pass()]);
    const again = deletions.begin("/files/a", () => Promise.resolve());
    await pass();
    assertEquals(await again, true);
  });
});

Deno.test("a page that goes deletes at once, as the visitor that it has", async () => {
  const asked: string[] = [];
  const before = globalThis.fetch;
  globalThis.fetch = (url, options) => {
    asked.push(`${options?.method} ${url} ${new Headers(options?.headers).get("Authorization")}`);
    return Promise.resolve(new Response());
  };
  try {
    const deletions = new Deletions(() => {}, () => ({ Authorization: "Basic eA==" }));
    const gone = deletions.begin("/files/a", () => Promise.reject(new Error("It is deleted already")));
    dispatchEvent(new Event("pagehide"));
    assertEquals([await gone, deletions.has("/files/a")], [true, false]);
    await turns(2);
    assertEquals(asked, ["DELETE /files/a Basic eA=="]);
  } finally {
    globalThis.fetch = before;
  }
});

Deno.test("the page of a link has its headers at once, as soon as they have gone with a request", async () => {
  const link = UploadLink.in({ pathname: `/u/pawl_${"x".repeat(43)}` })!;
  assertEquals(link.headersNow, undefined);
  const headers = await link.headers();
  assertEquals([link.headersNow, Object.keys(headers)], [headers, ["Authorization"]]);
});
