import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { asUploadError, STATUS } from "../../../../server/errors.ts";
import { parseBucketAddress } from "../../../../server/storage/s3/address.ts";
import { bodyOf } from "../../../../server/storage/s3/bucket.ts";
import type { Credentials } from "../../../../server/storage/s3/credentials.ts";
import { openBucket } from "../../../../server/storage/s3/open_bucket.ts";
import { BrokenConnection, S3Error } from "../../../../server/storage/s3/s3_error.ts";
import { type Asked, cut, error, serving, status, text } from "../../../support/scripted_s3.ts";

Deno.test("a request is signed, and its bytes have a checksum where there is no TLS", () =>
  serving([status(200)], async ({ bucket }, asked) => {
    await bucket.put("files/a b/ü.txt", bodyOf(new TextEncoder().encode("ab"), new TextEncoder().encode("c")));
    const [{ method, url, headers, body }] = asked as [Asked];
    assertEquals([method, url, body], ["PUT", "/bucket/files/a%20b/%C3%BC.txt", "abc"]);
    assertEquals([headers["content-length"], headers["content-md5"]], ["3", "kAFQmDzST7DWlj99KOF/cg=="]);
    assertEquals(headers["x-amz-content-sha256"], "UNSIGNED-PAYLOAD");
    assertMatch(headers.authorization!, /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/us-east-1\/s3\/aws4_request, /);
  }));

Deno.test("a server that is busy, failing or cut off is asked again, and gets the same bytes", () =>
  serving([status(503), cut, status(500), status(200)], async ({ bucket }, asked) => {
    await bucket.put("a", text("abc"));
    assertEquals(asked.map(({ body }) => body), ["abc", "abc", "abc", "abc"]);
  }));

Deno.test("it is asked four times at most, and at once told of what does not pass", async () => {
  await serving([], async ({ bucket }, asked) => {
    await assertRejects(() => bucket.put("a", text("abc")), S3Error, "The S3 server answered PUT a with 500");
    assertEquals(asked.length, 4);
  });
  await serving([status(403, error("AccessDenied"))], async ({ bucket }, asked) => {
    const thrown = await assertRejects(() => bucket.put("a", text("abc")), S3Error, "403 AccessDenied: A word");
    assertEquals([asked.length, thrown.reason, thrown.message.includes("\n")], [1, "AccessDenied", false]);
  });
  await serving([status(501)], async ({ bucket }, asked) => {
    await assertRejects(() => bucket.put("a", text("abc")), S3Error);
    assertEquals(asked.length, 1);
  });
});

Deno.test("an error in the body of an answer 200 is one: it passes, or it is told", async () => {
  const done = `<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>`;
  await serving([status(200, error("InternalError")), status(200, ` \n ${done}`)], async ({ bucket }, asked) => {
    await bucket.complete({ key: "a", uploadId: "1" }, [{ number: 1, etag: "x" }], 1);
    assertEquals(asked.length, 2);
    assert(asked[0]!.body.includes("<PartNumber>1</PartNumber><ETag>&quot;x&quot;</ETag>"), asked[0]!.body);
  });
  await serving([status(200, `  ${error("InvalidPart")}`)], async ({ bucket }) => {
    await assertRejects(() => bucket.complete({ key: "a", uploadId: "1" }, [], 1), S3Error, "InvalidPart");
  });
  await serving([status(200, "")], async ({ bucket }) => {
    await assertRejects(() => bucket.complete({ key: "a", uploadId: "1" }, [], 1), Error, "has no result");
  });
  await serving([status(200, error("NoSuchKey"))], async ({ bucket }) => {
    await assertRejects(() => bucket.copy("a", "b", 1), S3Error, "NoSuchKey");
  });
});

Deno.test("the rest of a body that is refused before its end is not read", async () => {
  const server = http.createServer((_, response) => void response.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  using opened = openBucket(parseBucketAddress(`http://key:secret@127.0.0.1:${port}/bucket`), { retryMs: 1 });
  const piece = new Uint8Array(256 * 1024);
  const count = 400;
  let read = 0;
  const body = {
    length: count * piece.length,
    async *pieces() {
      for (let number = 0; number < count; number++) {
        read++;
        yield await Promise.resolve(piece);
      }
    },
  };
  await assertRejects(() => opened.bucket.put("a", body), S3Error, "503");
  // Each of the four attempts reads what the two machines take in meanwhile.
  assert(read < 2 * count, `${read} pieces of 4 times ${count}`);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a copy without a result in its answer is none", () =>
  serving([status(200, "")], async ({ bucket }) => {
    await assertRejects(() => bucket.copy("a", "b", 1), Error, "has no ETag");
  }));

Deno.test("an object is removed if it is still the same one, and anyhow where the server knows no conditions", async () => {
  for (const [etag, isRemoved] of [['"y"', false], ['"x"', true]] as const) {
    const refused = status(412, error("PreconditionFailed"));
    await serving([refused, status(200, "", { etag }), status(204)], async ({ bucket }, asked) => {
      await bucket.remove("a", '"x"');
      const all = ["DELETE if", "HEAD", "DELETE"].slice(0, isRemoved ? 3 : 2);
      assertEquals(asked.map(({ method, headers }) => headers["if-match"] === '"x"' ? `${method} if` : method), all);
    });
  }
  for (const refused of [status(501, error("NotImplemented")), status(400, error("InvalidArgument"))]) {
    await serving([refused, status(204)], async ({ bucket }, asked) => {
      await bucket.remove("a", '"x"');
      assertEquals(asked.map(({ headers }) => headers["if-match"]), ['"x"', undefined]);
    });
  }
  // A key that has expired says nothing of conditions.
  await serving([status(400, error("ExpiredToken"))], async ({ bucket }, asked) => {
    await assertRejects(() => bucket.remove("a", '"x"'), S3Error, "ExpiredToken");
    assertEquals(asked.length, 1);
  });
  await serving([status(204)], async ({ bucket }, asked) => {
    await bucket.remove("a");
    assertEquals(asked[0]!.headers["if-match"], undefined);
  });
});

Deno.test("a full store is told as a full disk is", () =>
  serving([status(507, error("InsufficientCapacity"))], async ({ bucket }) => {
    const thrown = await assertRejects(() => bucket.put("a", text("abc")), S3Error);
    assertEquals([thrown.code, asUploadError(thrown).code], ["ENOSPC", "disk-full"]);
  }));

Deno.test("a store that is away is told as such, and a client knows what it may count on", () =>
  serving([status(503), ...Array(8).fill(cut)], async ({ bucket }) => {
    const thrown = await assertRejects(() => bucket.put("a", text("abc")), BrokenConnection);
    const told = asUploadError(thrown, 7);
    assertEquals([told.code, told.offset, STATUS[told.code]], ["no-bucket", 7, 503]);
    assert(told.message.includes("it keeps the first 7 bytes"), told.message);
  }));

Deno.test("a machine whose clock is an hour off signs by the server's clock, once it is refused for that", async () => {
  const serverNow = Date.UTC(2026, 11, 31, 23, 30);
  const refused = status(403, error("RequestTimeTooSkewed"), { date: new Date(serverNow).toUTCString() });
  for (const aheadMs of [-3_600_000, 3_600_000]) {
    const options = { now: () => serverNow + aheadMs };
    await serving([refused, status(200), status(404), status(200)], async ({ bucket }, asked) => {
      await bucket.put("a", text("abc"));
      assertEquals(await bucket.head("a"), undefined);
      await bucket.put("a", text("abc"));
      const dates = asked.map(({ headers }) => headers["x-amz-date"]);
      const own = aheadMs < 0 ? "20261231T223000Z" : "20270101T003000Z";
      assertEquals(dates, [own, "20261231T233000Z", "20261231T233000Z", "20261231T233000Z"]);
      // The signing key is that of the server's day.
      assert(asked.slice(1).every(({ headers }) => headers.authorization!.includes("/20261231/")));
    }, options);
    // A refusal for another reason is not repeated.
    const right = new Date(serverNow + aheadMs).toUTCString();
    await serving([status(403, error("AccessDenied"), { date: right })], async ({ bucket }, asked) => {
      await assertRejects(() => bucket.put("a", text("abc")), S3Error, "AccessDenied");
      assertEquals(asked.length, 1);
    }, options);
  }
});

Deno.test("a request whose key has expired is sent once more with another one, if there is one", async () => {
  const keyIn = ({ headers }: Asked) => /Credential=(\w+)\//.exec(headers.authorization ?? "")?.[1];
  const key = (name: string) => ({ key: name, secret: "secret", sessionToken: `token of ${name}` });
  for (const refused of [status(400, error("ExpiredToken")), status(400)]) {
    let last = key("old");
    const credentials = (expired?: Credentials) => Promise.resolve(expired === last ? last = key("new") : last);
    await serving([refused, status(204), status(204)], async ({ bucket }, asked) => {
      await bucket.remove("a");
      await bucket.remove("b");
      assertEquals(asked.map(keyIn), ["old", "new", "new"]);
    }, { credentials });
  }
  const only = key("only");
  await serving([status(400, error("ExpiredToken"))], async ({ bucket }, asked) => {
    await assertRejects(() => bucket.remove("a"), S3Error, "ExpiredToken");
    assertEquals(asked.length, 1);
  }, { credentials: () => Promise.resolve(only) });
});
