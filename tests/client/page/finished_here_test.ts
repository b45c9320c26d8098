import { assertEquals } from "@std/assert";
import { FinishedHere, listFinishedHere } from "../../../client/page/finished_here.ts";

/** What a browser keeps of a page. */
function storage(text?: string): Pick<Storage, "getItem" | "setItem"> & { text: string | null } {
  const kept = { text: text ?? null };
  return {
    getItem: () => kept.text,
    setItem: (_: string, value: string) => void (kept.text = value),
    get text() {
      return kept.text;
    },
  };
}

const file = (number: number) => ({
  path: `${number}.txt`,
  bytes: number,
  finishedAt: 1e12 + number,
  location: `/files/${number}`,
});
const paths = (here: FinishedHere) => here.files.map(({ path }) => path);

Deno.test("FinishedHere gives the latest first, each once, and a hundred at most", () => {
  const here = new FinishedHere(storage(JSON.stringify([file(1)])));
  for (const number of [2, 3, 2]) here.add(file(number));
  assertEquals(paths(here), ["2.txt", "3.txt", "1.txt"]);
  for (let number = 4; number < 150; number++) here.add(file(number));
  assertEquals([here.files.length, paths(here)[0]], [100, "149.txt"]);
  here.forget(new Set(["/files/149"]));
  assertEquals(paths(here)[0], "148.txt");
});

Deno.test("FinishedHere takes what another tab has written, and nothing that is none of its files", () => {
  const kept = storage();
  const [one, other] = [new FinishedHere(kept), new FinishedHere(kept)];
  one.add(file(1));
  one.forget(new Set());
  other.add(file(2));
  other.forget(new Set(["/files/9"]));
  assertEquals(paths(one), ["2.txt", "1.txt"]);
  const foreign = [{ ...file(1), location: "https://elsewhere.example/files/1" }, "x", null, file(3)];
  assertEquals(paths(new FinishedHere(storage(JSON.stringify(foreign)))), ["3.txt"]);
  assertEquals(paths(new FinishedHere(storage("{"))), []);
  assertEquals(paths(new FinishedHere(undefined)), []);
});

Deno.test("listFinishedHere() leaves out what is no longer on the server, and deletes there", async () => {
  const here = new FinishedHere(storage(JSON.stringify([file(1), file(2), file(3)])));
  const asked: string[] = [];
  const ask = (url: string, { method }: { method: string }) => {
    asked.push(`${method} ${url}`);
    if (url === "/files/3") return Promise.reject(new TypeError("There is no network"));
    return Promise.resolve(new Response(null, { status: url === "/files/2" ? 410 : 204 }));
  };
  const files = await listFinishedHere(here, ask);
  assertEquals(files.map(({ path }) => path), ["1.txt", "3.txt"]);
  assertEquals(paths(here), ["1.txt", "3.txt"]);
  await files[0]!.delete();
  assertEquals([asked.at(-1), paths(here)], ["DELETE /files/1", ["3.txt"]]);
});
