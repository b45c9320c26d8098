import { assertEquals, assertRejects } from "@std/assert";
import { createDownloadLinks, type DownloadLinksDeps } from "../../../server/access/download_links.ts";
import { UploadError } from "../../../server/errors.ts";
import { NOBODY } from "../../../server/model/visitor.ts";

const LINK = { kind: "download", hash: "h", id: "i", owner: "anna", createdAt: 0, target: { file: "f" } } as const;
const SENDER = { address: "192.0.2.1", isProxied: false, isHttps: false };

Deno.test("the file of a download that cannot be counted is closed, whether the link is used up or its store fails", async () => {
  let closed = 0;
  const send = async (countDownload: () => Promise<boolean>) => {
    const body = new ReadableStream({ cancel: () => void closed++ }, { highWaterMark: 0 });
    // The handler asks for nothing else.
    const links = createDownloadLinks({
      gatekeeper: { linkOf: () => Promise.resolve(LINK) },
      store: { hasVisited: () => Promise.resolve(false), countDownload },
      downloads: { send: () => Promise.resolve(new Response(body)) },
      key: new Uint8Array(32),
      above: "",
      now: () => 0,
    } as unknown as DownloadLinksDeps);
    return await links.send(new Request("http://localhost/d/secret"), "secret", NOBODY, SENDER);
  };
  assertEquals([(await send(() => Promise.resolve(false))).status, closed], [404, 1]);
  await assertRejects(() => send(() => Promise.reject(new UploadError("disk-full", "Full"))), UploadError, "Full");
  assertEquals(closed, 2);
  const response = await send(() => Promise.resolve(true));
  assertEquals([response.status, closed], [200, 2]);
  await response.body?.cancel();
});
