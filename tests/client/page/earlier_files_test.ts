import { assertEquals, assertRejects } from "@std/assert";
import { SignIns, UploadError } from "../../../client/mod.ts";
import { listEarlier } from "../../../client/page/earlier_files.ts";

const finished = (path: string) => ({
  id: path,
  state: "finished",
  path,
  offset: 5,
  location: `/files/${path}`,
  createdAt: "2026-01-01T00:00:00Z",
  finishedAt: "2026-01-02T00:00:00Z",
});
const UNFINISHED = { ...finished("half"), state: "unfinished" };

/** Answers requests in their order: with a part of the list, or with a status. */
function answering(...answers: (object | number)[]) {
  const asked: string[] = [];
  const ask = (url: string, { method }: { method: string }) => {
    asked.push(`${method} ${url}`);
    const answer = answers.shift();
    return Promise.resolve(typeof answer === "number" ? new Response(null, { status: answer }) : Response.json(answer));
  };
  return { asked, ask, signIns: new SignIns() };
}

Deno.test("listEarlier() gives the finished files of a part, and the cursor of the next one", async () => {
  const deps = answering({ uploads: [finished("a"), UNFINISHED, finished("b")], cursor: "2.x" }, {
    uploads: [finished("c")],
  });
  const first = await listEarlier(undefined, deps);
  assertEquals([first.files.map(({ path }) => path), first.cursor], [["a", "b"], "2.x"]);
  const [{ bytes, finishedAt, location } = assertNever()] = first.files;
  assertEquals([bytes, finishedAt, location], [5, new Date("2026-01-02T00:00:00Z"), "/files/a"]);
  const second = await listEarlier(first.cursor, deps);
  assertEquals([second.files.map(({ path }) => path), second.cursor], [["c"], undefined]);
  assertEquals(deps.asked, ["GET /api/uploads?limit=20", "GET /api/uploads?limit=20&cursor=2.x"]);
});

Deno.test("listEarlier() asks on where a part has unfinished uploads alone, and not without end", async () => {
  const unfinished = { uploads: [UNFINISHED], cursor: "1.x" };
  const some = answering(unfinished, unfinished, { uploads: [finished("a")] });
  assertEquals((await listEarlier(undefined, some)).files.length, 1);
  const none = answering(...Array(9).fill(unfinished));
  assertEquals(await listEarlier(undefined, none), { files: [], cursor: "1.x" });
  assertEquals(none.asked.length, 5);
});

Deno.test("a file is deleted at its address, is gone when it was gone already, and a refusal is an UploadError", async () => {
  const deps = answering({ uploads: [finished("a")] }, 204, 404, 403, 401);
  const [file = assertNever()] = (await listEarlier(undefined, deps)).files;
  await file.delete();
  await file.delete();
  assertEquals(deps.asked.slice(1), ["DELETE /files/a", "DELETE /files/a"]);
  assertEquals((await assertRejects(() => file.delete(), UploadError)).status, 403);
  assertEquals((await assertRejects(() => file.delete(), UploadError)).code, "signed-out");
});

function assertNever(): never {
  throw new Error("There is no file");
}
