import { assertEquals, assertThrows } from "@std/assert";
import { BadAddress, nameOf, parseBucketAddress } from "../../../../server/storage/s3/address.ts";

Deno.test("an address has server, bucket, key and secret", () => {
  assertEquals(parseBucketAddress("http://key:s%2Fcret@127.0.0.1:9000/my-bucket"), {
    endpoint: "http://127.0.0.1:9000",
    bucket: "my-bucket",
    region: "us-east-1",
    isHostStyle: false,
    credentials: { key: "key", secret: "s/cret" },
    mayBeConditional: true,
  });
  const other = parseBucketAddress("https://k:s@s3.example.com/bucket/?region=eu-1&conditional=no");
  assertEquals([other.endpoint, other.bucket, other.region, other.mayBeConditional], [
    "https://s3.example.com",
    "bucket",
    "eu-1",
    false,
  ]);
});

Deno.test("the region is told by the host, where AWS and R2 tell it", () => {
  for (
    const [host, region] of [
      ["s3.eu-central-1.amazonaws.com", "eu-central-1"],
      ["s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1"],
      ["s3.cn-north-1.amazonaws.com.cn", "cn-north-1"],
      ["abc.r2.cloudflarestorage.com", "auto"],
      ["s3.example.com", "us-east-1"],
    ] as const
  ) assertEquals([host, parseBucketAddress(`https://k:s@${host}/bucket`).region], [host, region]);
});

Deno.test("s3://BUCKET takes everything else from AWS's settings", () => {
  const credentials = { key: "k", secret: "s" };
  assertEquals(parseBucketAddress("s3://bucket", { credentials, region: "eu-west-1" }), {
    endpoint: "https://s3.eu-west-1.amazonaws.com",
    bucket: "bucket",
    region: "eu-west-1",
    isHostStyle: true,
    credentials,
    mayBeConditional: true,
  });
  assertEquals(parseBucketAddress("s3://a.b.c").isHostStyle, false);
  const other = parseBucketAddress("s3://bucket?region=x", { endpoint: "http://127.0.0.1:9000", region: "y" });
  assertEquals([other.endpoint, other.isHostStyle, other.region], ["http://127.0.0.1:9000", false, "x"]);
});

Deno.test("an address without a key takes it from AWS's settings", () => {
  const credentials = { key: "k", secret: "s" };
  assertEquals(parseBucketAddress("http://127.0.0.1:9000/bucket", { credentials }).credentials, credentials);
});

Deno.test("the name of a bucket has no secret", () => {
  assertEquals(nameOf(parseBucketAddress("http://key:secret@h:9000/bucket?region=x")), "http://h:9000/bucket");
});

Deno.test("an address that cannot be used is refused in one line, which has no secret", () => {
  for (
    const text of [
      "",
      "bucket",
      "ftp://k:secret@host/bucket",
      "http://k:secret@host",
      "http://k:secret@host/",
      "http://k:secret@host/bucket/folder",
      "http://k:secret@host/ab",
      "http://k:secret@host/a..b",
      "http://k:secret@host/a%2Fb%2Fc",
      "http://k:secret@host/bucket?regoin=x",
      "http://k:secret@host/bucket?conditional=maybe",
      "http://k:secret@host/bucket#x",
      "http://key@host/bucket",
      "http://:secret@host/bucket",
      "http://k:secret%@host/bucket",
      "s3://k:secret@bucket",
      "s3://bucket/folder",
      "s3://",
    ]
  ) {
    const { message } = assertThrows(() => parseBucketAddress(text), BadAddress);
    assertEquals([text, /secret|\n/.test(message.replace(/SECRET|a secret|with[a-z ]* secret|key or secret/g, ""))], [
      text,
      false,
    ]);
  }
  assertThrows(() => parseBucketAddress("s3://bucket", { endpoint: "nothing" }), BadAddress, "AWS_ENDPOINT_URL");
});
