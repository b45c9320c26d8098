import { assertEquals } from "@std/assert";
import { completed, gone, type ReceivingUpload } from "../../server/model/upload.ts";
import type { ListPlace } from "../../server/storage/store.ts";
import type { StoreTest } from "./store_contract_kind.ts";
import { upload } from "./store_contract_records.ts";

/** Tests what is found among the records of many uploads. */
export function testLists(test: StoreTest): void {
  test("the complete uploads below a folder are found, and no others", async ({ records }) => {
    const paths = ["a", "b/c", "b/d/e", `b/${"f".repeat(300)}`, "bb/c", "b0", "b", "c/b/c", `c/${"f".repeat(300)}`];
    for (const [at, path] of paths.entries()) {
      assertEquals(await records.create(completed(upload(`${at}`, `${at}`), path, 0)), true);
    }
    assertEquals(await records.create(upload("unfinished", "b/unfinished")), true);
    const others = { ...upload("other", "other"), owner: "other" };
    const byLink = { ...upload("link", "link"), owner: "other,link,visitor" };
    assertEquals(await records.create(completed(others, "o/a", 0)), true);
    assertEquals(await records.create(completed(byLink, "o/b", 0)), true);
    const below = async (folder: string, payer?: string) =>
      (await Array.fromAsync(records.below(folder, payer))).map(({ path }) => path).sort();
    const { owner } = upload("0", "0");
    assertEquals(await below("b", owner), await below("b"));
    assertEquals([await below("b", "other"), await below("b", "")], [[], []]);
    assertEquals([await below("o"), await below("o", "other"), await below("o", owner)], [
      ["o/a", "o/b"],
      ["o/a", "o/b"],
      [],
    ]);
    const moved = completed(others, "p/a", 0);
    assertEquals(await records.replace(completed(others, "o/a", 0), moved), true);
    assertEquals([await below("o", "other"), await below("p", "other")], [["o/b"], ["p/a"]]);
    await records.forget(moved);
    assertEquals([await below("p", "other"), await below("x".repeat(3000), "other")], [[], []]);
    assertEquals(await below("b"), ["b/c", "b/d/e", `b/${"f".repeat(300)}`]);
    assertEquals([await below("b/d"), await below("d"), await below("a")], [["b/d/e"], [], []]);
  });

  test("the folders of a payer's complete uploads are told, and no others", async ({ records }) => {
    const long = "f".repeat(300);
    for (const [at, path] of ["a", "b/c", "b/d", "b/e/f/g", `h/${long}`, `${long}/h`].entries()) {
      assertEquals(await records.create(completed(upload(`${at}`, `${at}`), path, 0)), true);
    }
    const byLink = { ...upload("link", "link"), owner: `${upload("0", "0").owner},link,visitor` };
    assertEquals(await records.create(completed(byLink, "o/b", 0)), true);
    assertEquals(await records.create(completed({ ...byLink, id: "x", clientId: "x", owner: "x" }, "x/x", 0)), true);
    assertEquals(await records.create(upload("unfinished", "u/u")), true);
    const found = await Array.fromAsync(records.folders(upload("0", "0").owner));
    assertEquals([...new Set(found)].sort(), ["b", "b/e/f", long, "h", "o"]);
    assertEquals(await Array.fromAsync(records.folders("nobody")), []);
  });

  test("an owner's uploads are listed by their begin, the last first, in pages, until they are over", async ({ records }) => {
    const begun = [["1", 10], ["2", 30], ["4", 20], ["3", 20]].map(([id, now]) =>
      upload(`${id}`, `${id}`, [], Number(now))
    );
    for (const each of begun) await records.create(each);
    await records.create({ ...upload("5", "5"), owner: "somebody" });
    const idsOf = async (limit: number, after?: ListPlace) =>
      (await records.list("anonymous", limit, after)).map(({ id }) => id).join("");
    assertEquals(await idsOf(9), "2431");
    assertEquals([await idsOf(2), await idsOf(2, begun[2]), await idsOf(2, begun[0])], ["24", "31", ""]);
    const [first, second, third, fourth] = begun as [
      ReceivingUpload,
      ReceivingUpload,
      ReceivingUpload,
      ReceivingUpload,
    ];
    const done = completed(first, "x", 5);
    await records.replace(first, done);
    await records.replace(second, { ...second, offset: 7 });
    await records.replace(third, gone(third, "expired", 9));
    assertEquals(await records.list("anonymous", 9), [{ ...second, offset: 7 }, fourth, done]);
    await records.replace(done, gone(done, "terminated", 9));
    await records.forget({ ...second, offset: 7 });
    await records.create(upload("6", "3", [], 40), fourth);
    assertEquals(await idsOf(9), "6");
    assertEquals((await records.list("somebody", 9)).map(({ id }) => id), ["5"]);
  });

  test("what came by a link is listed for the link too, whoever sent it", async ({ records }) => {
    const sent = [["1", "anna,link,x"], ["2", "anna,link,y"], ["3", "anna,other,x"], ["4", "anna,link,x"]] as const;
    const begun = sent.map(([id, owner], at) => ({ ...upload(id, id, [], at), owner }));
    for (const each of begun) await records.create(each);
    await records.replace(begun[1]!, completed(begun[1]!, "y", 5));
    const idsOf = async (name: string) => (await records.list(name, 9)).map(({ id }) => id).join("");
    assertEquals(await idsOf("anna,link,"), "421");
    await records.replace(begun[0]!, gone(begun[0]!, "expired", 9));
    assertEquals([await idsOf("anna,link,"), await idsOf("anna,link,x"), await idsOf("anna")], ["42", "4", ""]);
  });

  test("all records are there, finished, unfinished and over", async ({ records }) => {
    const [first, second, third] = [upload("1", "x"), upload("2", "y"), upload("3", "z")];
    for (const each of [first, second, third]) await records.create(each);
    await records.replace(second, completed(second, "y", 5));
    await records.replace(third, gone(third, "expired", 9));
    const all = await Array.fromAsync(records.all());
    assertEquals(all.map(({ id, state }) => `${id} ${state}`).sort(), ["1 receiving", "2 complete", "3 gone"]);
  });

  test("what is due is listed by its time, unless it is finished", async ({ records }) => {
    const [late, early] = [upload("late", "x", [], 20), upload("early", "y", [], 10)];
    for (const each of [late, early, upload("done", "z")]) await records.create(each);
    await records.replace(upload("done", "z"), completed(upload("done", "z"), "z", 5));
    assertEquals(await Array.fromAsync(records.due(119)), ["early"]);
    assertEquals(await Array.fromAsync(records.due(120)), ["early", "late"]);
    await records.replace(early, { ...early, dueAt: 300 });
    assertEquals(await Array.fromAsync(records.due(200)), ["late"]);
  });
}
