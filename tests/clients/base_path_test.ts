import { assertEquals } from "@std/assert";
import { startServer, type TestServer } from "../support/pawl.ts";
import { Source } from "../support/sources.ts";
import { startStrippingProxy } from "../support/stripping_proxy.ts";
import { bufferOf, tusClient } from "../support/tus_clients.ts";

const MiB = 2 ** 20;

/** Uploads a file in two parts, as a program does that was ended between them. */
async function uploadInTwo(endpoint: string, above: string): Promise<void> {
  await using client = tusClient(endpoint);
  const file = bufferOf(new Source(3 * MiB, 1));
  const options = { metadata: { filename: "film.mkv" }, chunkSize: MiB };
  await client.uploadUntil(MiB, file, options);
  const { url } = await client.resume(file, options);
  assertEquals(url?.replace(/[\w-]{22}$/, "ID"), `${above}/files/ID`);
}

async function isWhole(pawl: TestServer): Promise<boolean> {
  return bufferOf(new Source(3 * MiB, 1)).equals(await pawl.finished("film.mkv"));
}

Deno.test("tus-js-client uploads below a base path, and goes on there", async () => {
  await using pawl = await startServer({ basePath: "/a/files-in" });
  const above = pawl.url.replace(/\/$/, "");
  await uploadInTwo(`${above}/files/`, above);
  assertEquals(await isWhole(pawl), true);
});

Deno.test("tus-js-client uploads through a proxy that takes a path away, and goes on there", async () => {
  const ports: number[] = [];
  await using proxy = startStrippingProxy("/in", () => ports[0]!);
  await using pawl = await startServer({ publicUrl: proxy.url });
  ports.push(pawl.port);
  await uploadInTwo(`${proxy.url}/files/`, proxy.url);
  assertEquals(await isWhole(pawl), true);
});
