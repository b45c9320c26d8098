import { assertEquals } from "@std/assert";
import { AwsV4Signer } from "aws4fetch";
import { encodedKey } from "../../../../server/storage/s3/keys.ts";
import { Signer, type SigningKey, type UnsignedRequest } from "../../../../server/storage/s3/signature.ts";

const TIME = "20261201T101112Z";
const KEY: SigningKey = { key: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

function request(key: string, more: Partial<Omit<UnsignedRequest, "url">> & { root?: string } = {}): UnsignedRequest {
  const { root = "http://127.0.0.1:9000/bucket", ...rest } = more;
  return { method: "PUT", query: {}, headers: {}, ...rest, url: new URL(`${root}/${encodedKey(key)}`) };
}

/** What another program makes of the same request:. */
async function expected(
  { method, url, query, headers }: UnsignedRequest,
  { key, secret, sessionToken }: SigningKey,
  { region, time = TIME }: { region: string; time?: string },
) {
  const pairs = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join("="));
  const signer = new AwsV4Signer({
    method,
    url: `${url}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`,
    headers,
    accessKeyId: key,
    secretAccessKey: secret,
    ...sessionToken !== undefined && { sessionToken },
    service: "s3",
    region,
    datetime: time,
  });
  const { headers: all } = await signer.sign();
  return Object.fromEntries(all as Headers);
}

const REQUESTS: readonly UnsignedRequest[] = [
  request("files/a.bin"),
  request("files/a b/ü (1)!'*+~&=?#%.txt", { headers: { "content-type": "application/octet-stream" } }),
  request("", { method: "GET", query: { "list-type": "2", prefix: "incoming/a b/", delimiter: "/", "max-keys": "1" } }),
  request("incoming/a/t/parts-1", { method: "POST", query: { uploads: "" } }),
  request("incoming/a/t/parts-1", { query: { partNumber: "2", uploadId: "x/y+z=~(1)*" } }),
  request("k", { method: "GET", query: { "a-b": "1", a: "2", "a.b": "3", A: "4" }, headers: { range: "bytes=0-1" } }),
  request("k", {
    root: "https://bucket.s3.eu-central-1.amazonaws.com",
    headers: { "x-amz-meta-pawl": "two   words", "if-none-match": "*", "content-md5": "kAFQmDzST7DWlj99KOF/cg==" },
  }),
  request("k", { headers: { "x-amz-copy-source": "/bucket/a%20b", "x-amz-metadata-directive": "REPLACE" } }),
];

Deno.test("a request gets the signature that another program gives it", async () => {
  for (const region of ["us-east-1", "auto"]) {
    const signer = new Signer(region);
    for (const key of [KEY, { ...KEY, sessionToken: "a/token+of==two" }]) {
      for (const each of REQUESTS) {
        const { headers } = signer.sign(each, key, TIME);
        assertEquals(headers, await expected(each, key, { region }), `${each.method} ${each.url}`);
      }
    }
  }
});

Deno.test("the key of another day, and that of another secret, is made anew", async () => {
  const signer = new Signer("us-east-1");
  const [each] = REQUESTS as [UnsignedRequest];
  for (
    const [secret, time] of [["a", TIME], ["a", "20261202T000000Z"], ["b", "20261202T000000Z"], ["a", TIME]] as const
  ) {
    const key = { key: "k", secret };
    assertEquals(signer.sign(each, key, time).headers, await expected(each, key, { region: "us-east-1", time }));
  }
});

Deno.test("a query stands in the URL as it was signed", () => {
  const { url } = new Signer("us-east-1").sign(
    request("k", { query: { uploadId: "a b+c/(1)", part: "2" } }),
    KEY,
    TIME,
  );
  assertEquals(url.href, "http://127.0.0.1:9000/bucket/k?uploadId=a%20b%2Bc%2F%281%29&part=2");
});
