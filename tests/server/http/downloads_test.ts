import { assertEquals, assertMatch } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";

const file = someBytes(1000);

Deno.test("GET and HEAD of a finished file give it to be saved, never to be run", async () => {
  await using pawl = await openTestApp();
  const sent = await simpleClient(pawl.app).send("a", 0, file, {
    "X-File-Name": encodeURIComponent('страница "1".html'),
    "X-File-Type": "text/html",
  });
  const url = `http://localhost${sent.headers.get("location")}`;
  for (const method of ["GET", "HEAD"]) {
    const response = await pawl.app(new Request(url, { method }));
    assertEquals(response.status, 200);
    const { headers } = response;
    assertEquals(headers.get("content-length"), "1000");
    assertEquals(headers.get("content-type"), "application/octet-stream");
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertMatch(headers.get("content-security-policy") ?? "", /sandbox/);
    assertEquals(
      headers.get("content-disposition"),
      `attachment; filename="________ _1_.html"; ` +
        `filename*=UTF-8''%D1%81%D1%82%D1%80%D0%B0%D0%BD%D0%B8%D1%86%D0%B0%20%221%22.html`,
    );
    assertEquals(new Uint8Array(await response.arrayBuffer()), method === "GET" ? file : new Uint8Array());
  }
});

Deno.test("a file that is unfinished, unknown, removed or taken away is not served", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const get = async (path: string | null, method = "GET") =>
    (await pawl.app(new Request(`http://localhost${path}`, { method }))).status;
  const unfinished = await client.send("a", 0, file, { "X-File-Size": "2000" });
  assertEquals(await get(unfinished.headers.get("location")), 404);
  assertEquals(await get("/files/AAAAAAAAAAAAAAAAAAAAAA"), 404);
  const removed = (await client.send("b", 0, file)).headers.get("location");
  assertEquals([await get(removed, "DELETE"), await get(removed), await get(removed, "DELETE")], [204, 410, 410]);
  assertEquals(await pawl.finishedNames(), []);
  const taken = (await client.send("c", 0, file)).headers.get("location");
  await Deno.remove(`${pawl.data}/files/c`);
  assertEquals(await get(taken), 410);
});
