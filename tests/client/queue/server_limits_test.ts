import { assertEquals, assertRejects } from "@std/assert";
import { ServerLimits, type Transport, UploadError } from "../../../client/mod.ts";
import { parseLimits } from "../../../client/queue/server_limits.ts";
import { fileOf, setUpQueue } from "../support/queue_set_up.ts";

/** A server that tells these limits, or answers with a status. */
function answering(...answers: (object | number)[]): { transport: Transport; urls: string[] } {
  const urls: string[] = [];
  const transport: Transport = ({ method, url }) => {
    urls.push(`${method} ${url}`);
    const answer = answers.shift();
    const isStatus = typeof answer === "number";
    const text = isStatus ? "" : JSON.stringify(answer);
    return Promise.resolve({ status: isStatus ? answer : 200, headers: new Headers(), text });
  };
  return { transport, urls };
}

Deno.test("a queue says of each file that it is over a limit of the server, before it sends anything", async () => {
  const { transport, urls } = answering({ maxSize: 50, quota: 100, used: 30, maxUnfinished: 9 });
  const limits = new ServerLimits({ endpoint: "https://up.example/", transport });
  const { queue, host, until } = setUpQueue({ limits });
  assertEquals(limits.told, {});
  await limits.read();
  assertEquals(urls, ["GET https://up.example/api/limits"]);
  const sizes = { large: 51, first: 40, second: 40, known: 45, third: 30 };
  for (const [name, size] of Object.entries(sizes)) {
    queue.add(fileOf(name, size), name === "known" ? { confirmed: 5 } : {});
  }
  await until("done", "failed");
  const shown = queue.uploads.map(({ path, state, progress: { error } }) => `${path} ${error?.code ?? state}`);
  assertEquals(shown, ["large too-large", "first done", "second over-quota", "known done", "third done"]);
  const [large, , second] = queue.uploads;
  assertEquals([large?.progress.error?.limit, second?.progress.error?.limit], [50, 30]);
  assertEquals([...host.files.keys()].sort(), ["first", "known", "third"]);
  assertEquals([large?.canRetry, second?.canRetry], [false, true]);
  // Somebody may have made room, which the server knows.
  second?.resume();
  await until("done", "failed");
  assertEquals(second?.state, "done");
});

Deno.test("limits that are read again count from what the server has by then", async () => {
  const { transport } = answering({ quota: 100, used: 0 }, { quota: 100, used: 20 }, { quota: 100 });
  const limits = new ServerLimits({ transport });
  await limits.read();
  assertEquals([limits.take(80)?.code, limits.take(80)?.code], [undefined, "over-quota"]);
  await limits.read();
  assertEquals([limits.take(80)?.code, limits.take(1)?.code], [undefined, "over-quota"]);
  await limits.read();
  // The server has not counted yet, so at least nobody may keep more than the quota.
  assertEquals([limits.take(100)?.code, limits.take(1)?.code], [undefined, "over-quota"]);
  limits.forget();
  assertEquals([limits.told, limits.take(1e9)], [{}, undefined]);
});

Deno.test("how many files go in one request is known behind a sign-in too, and the limits of the user before are not", async () => {
  const batch = { maxFiles: 1000, maxFileSize: 2 ** 20 };
  const { transport } = answering({ quota: 100, maxSize: 9, batch });
  const limits = new ServerLimits({ transport });
  await limits.read();
  limits.forget();
  assertEquals([limits.told, limits.take(1e9)], [{ batch }, undefined]);
});

Deno.test("a file more than an upload link takes is refused before it is sent, and the room that is left is told", async () => {
  const { transport } = answering({ maxFiles: 5, files: 3, quota: 100, used: 40 }, { maxFiles: 5, files: 5 });
  const limits = new ServerLimits({ transport });
  assertEquals(limits.room, {});
  await limits.read();
  assertEquals(limits.room, { files: 2, bytes: 60 });
  assertEquals([limits.take(61)?.code, limits.take(20), limits.take(7, 3), limits.room], [
    "over-quota",
    undefined,
    undefined,
    { files: 1, bytes: 40 },
  ]);
  assertEquals([limits.take(40), limits.take(0)?.code], [undefined, "too-many"]);
  await limits.read();
  const refused = limits.take(0);
  assertEquals([refused?.limit, limits.room], [5, { files: 0 }]);
  assertEquals(
    refused?.message,
    "The upload link takes no more than 5 files in all. Ask whoever gave it to you for another one",
  );
});

Deno.test("a file that lies in more folders than the server takes is refused before it is sent", async () => {
  const { transport } = answering({ maxFolderDepth: 2 });
  const limits = new ServerLimits({ transport });
  await limits.read();
  const { queue, host, until } = setUpQueue({ limits });
  for (const path of ["a/b/c/deep", "a/b/flat"]) queue.add(fileOf(path.split("/").at(-1)!, 5), { path });
  await until("done", "failed");
  const [deep] = queue.uploads;
  assertEquals(queue.uploads.map(({ path, state }) => `${path} ${state}`), ["a/b/c/deep failed", "a/b/flat done"]);
  assertEquals(deep?.progress.error?.line, "the file's path has 3 folders: at most 2 are taken");
  assertEquals(host.files.size, 1);
});

Deno.test("read() rejects when the server refuses, asks for a sign-in, and keeps the earlier limits", async () => {
  let signIns = 0;
  const { transport, urls } = answering(401, { maxSize: 5 }, 404);
  const limits = new ServerLimits({ transport, onSignedOut: () => void signIns++ });
  assertEquals(await limits.read(), { maxSize: 5 });
  assertEquals([signIns, urls.length], [1, 2]);
  assertEquals((await assertRejects(() => limits.read(), UploadError)).status, 404);
  assertEquals(limits.told, { maxSize: 5 });
});

Deno.test("parseLimits() takes the counts that it knows, and nothing else", () => {
  const counts = { maxSize: 5, unfinished: 0, maxFiles: 3, files: 2, maxFolders: 9, folders: 1, maxFolderDepth: 32 };
  const text = JSON.stringify({ ...counts, quota: "6", used: null, other: 7 });
  assertEquals(parseLimits(text), counts);
  for (const nothing of ["null", "7", "[]"]) assertEquals(parseLimits(nothing), {});
});
