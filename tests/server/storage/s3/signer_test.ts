import { assertEquals } from "@std/assert";
import { AwsV4Signer } from "aws4fetch";
import { Signer } from "../../../../server/storage/s3/signer.ts";

const KEYS = { accessKeyId: "key", secretAccessKey: "secret", service: "s3", region: "eu-central-1" };

const REQUESTS = [
  { method: "PUT", url: "https://example.com/bucket/files/a%20b/%C3%BC%2B.txt", headers: { "content-md5": "abc==" } },
  { method: "GET", url: "https://bucket.example.com/?list-type=2&prefix=p%2F&continuation-token=n%2B1" },
  { method: "POST", url: "http://127.0.0.1:9000/bucket?delete=", headers: { "content-type": "application/xml" } },
  { method: "GET", url: "https://example.com/bucket/a", headers: { range: "bytes=0-1", "if-match": ' "x"  y ' } },
];

Deno.test("a signature is the one of aws4fetch, on each day and for each key", async () => {
  const caches: Map<string, ArrayBuffer>[] = [new Map(), new Map()];
  const days = ["20261231T235959Z", "20270101T000000Z", "20261231T235959Z"];
  for (const datetime of days) {
    for (const keys of [KEYS, { ...KEYS, secretAccessKey: "other" }, { ...KEYS, sessionToken: "a/token+" }]) {
      for (const request of REQUESTS) {
        const [own, theirs] = await Promise.all([Signer, AwsV4Signer].map(async (Each, index) => {
          const { url, headers } = await new Each({ ...request, ...keys, datetime, cache: caches[index]! }).sign();
          return [url.href, ...headers];
        }));
        assertEquals(own, theirs);
      }
    }
  }
  // One for each day and secret.
  assertEquals(caches.map(({ size }) => size), [4, 4]);
});
