import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { asUploadError, STATUS } from "../../../../server/errors.ts";
import { parseBucketAddress } from "../../../../server/storage/s3/address.ts";
import { bodyOf } from "../../../../server/storage/s3/bucket.ts";
import { type OpenBucket, openBucket } from "../../../../server/storage/s3/open_bucket.ts";
import { BrokenConnection, S3Error } from "../../../../server/storage/s3/s3_error.ts";
import { PATIENCE_MS } from "../../../support/until.ts";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (asked: Asked, response: http.ServerResponse) => void;

/** A server that gives one scripted answer after the other, and a client of it that does not wait between attempts. */
async function serving(
  answers: readonly Answer[],
  use: (opened: OpenBucket, asked: readonly Asked[]) => Promise<void>,
  options: Parameters<typeof openBucket>[1] = {},
): Promise<void> {
  const asked: Asked[] = [];
  const server = http.createServer(async (request, response) => {
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      // The client has given it up.
      return;
    }
    const body = new TextDecoder().decode(await new Blob(pieces as BlobPart[]).arrayBuffer());
    const one = { method: request.method!, url: request.url!, headers: request.headers, body };
    const answer = answers[asked.push(one) - 1];
    if (answer === undefined) response.writeHead(500).end();
    else answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  using opened = openBucket(parseBucketAddress(`http://key:secret@127.0.0.1:${port}/bucket`), {
    retryMs: 1,
    ...options,
  });
  try {
    await use(opened, asked);
  } finally {
    opened[Symbol.dispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const status = (code: number, body = "", headers: http.OutgoingHttpHeaders = {}): Answer => (_, response) =>
  void response.writeHead(code, headers).end(body);
const error = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>A\nword</Message></Error>`;
const cut: Answer = (_, response) => void response.destroy();
const silent: Answer = () => {};
const text = (value: string) => bodyOf(new TextEncoder().encode(value));

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

Deno.test("a server that says nothing is given up at the deadline, and asked again", async () => {
  let attempts = 0;
  const answer: Answer = (asked, response) => (attempts === 1 ? silent : status(200))(asked, response);
  await serving([answer, answer], async ({ bucket }) => {
    await bucket.put("a", text("abc"));
    assertEquals(attempts, 2);
  }, { deadlineMs: () => ++attempts === 1 ? 100 : PATIENCE_MS });
});

Deno.test("a server that always says nothing is told of in one line, without the secret", () =>
  serving([silent, silent, silent, silent], async ({ bucket }) => {
    const { message } = await assertRejects(() => bucket.put("a", text("abc")), BrokenConnection, "no answer within");
    assertEquals(/secret|\n/.test(message), false);
  }, { deadlineMs: () => 100 }));

/** Answers 200 with white space again and again, and then with `end`; without it for ever. */
const atWork = (times: number, end?: string): Answer => (_, response) => {
  response.writeHead(200);
  let count = 0;
  const timer = setInterval(() => {
    if (count++ === times) clearInterval(timer);
    if (count <= times) response.write(" ");
    else if (end !== undefined) response.end(end);
  }, 20);
  response.once("close", () => clearInterval(timer));
};
const MULTIPART = { key: "a", uploadId: "1" };
const COMPLETED = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>";

Deno.test("a server that moves bytes may take longer than the deadline, as long as it says something", () =>
  serving([atWork(150, COMPLETED)], async ({ bucket }, asked) => {
    await bucket.complete(MULTIPART, [], 1);
    assertEquals(asked.length, 1);
  }, { deadlineMs: () => 2500 }));

Deno.test("one that says nothing is given up, and not asked to move the same bytes beside that", async () => {
  let attempts = 0;
  await serving([silent, atWork(1), cut, atWork(0, COMPLETED)], async ({ bucket }, asked) => {
    for (const count of [1, 2]) {
      const thrown = await assertRejects(() => bucket.complete(MULTIPART, [], 1), BrokenConnection, "no answer within");
      assertEquals([asUploadError(thrown, 7).code, asked.length], ["no-bucket", count]);
    }
    // A connection that breaks is no sign that the server is at work.
    await bucket.complete(MULTIPART, [], 1);
    assertEquals(asked.length, 4);
  }, { deadlineMs: () => ++attempts <= 2 ? 1000 : PATIENCE_MS });
});

Deno.test("a server that says something for ever is given up at the end of all patience", () =>
  serving([atWork(Infinity)], async ({ bucket }, asked) => {
    await assertRejects(() => bucket.copy("a", "b", 1), BrokenConnection, "no answer within");
    assertEquals(asked.length, 1);
  }, { deadlineMs: () => PATIENCE_MS, longestMs: 300 }));

Deno.test("a copy without a result in its answer is none", () =>
  serving([status(200, "")], async ({ bucket }) => {
    await assertRejects(() => bucket.copy("a", "b", 1), Error, "has no ETag");
  }));

Deno.test("reading goes on behind the last byte when the connection breaks", () =>
  serving([
    status(500),
    (_, response) => {
      response.writeHead(206, { "content-range": "bytes 2-9/20", "content-length": 8, etag: "x" });
      response.write("cdef", () => response.destroy());
    },
    status(206, "ghij", { "content-range": "bytes 6-9/20", etag: "x" }),
  ], async ({ bucket }, asked) => {
    const pieces = await Array.fromAsync(bucket.read({ key: "a", from: 2, size: 8 }));
    assertEquals(await new Blob(pieces as BlobPart[]).text(), "cdefghij");
    assertEquals(asked.map(({ headers }) => headers.range), ["bytes=2-9", "bytes=2-9", "bytes=6-9"]);
  }));

Deno.test("bytes of another object, and bytes that nobody asked for, are never given", async () => {
  const begin: Answer = (_, response) => {
    response.writeHead(206, { "content-range": "bytes 0-7/20", "content-length": 8, etag: "x" });
    response.write("abcd", () => response.destroy());
  };
  const read = ({ bucket }: OpenBucket) => Array.fromAsync(bucket.read({ key: "a", from: 0, size: 8 }));
  await serving([begin, status(206, "efgh", { "content-range": "bytes 4-7/20", etag: "y" })], async (opened) => {
    await assertRejects(() => read(opened), Error, "does not give the bytes of a that were asked for");
  });
  const other = status(206, "abcdefgh", { "content-range": "bytes 0-7/20", etag: "x", "x-amz-meta-pawl": "b" });
  await serving([other, other], async ({ bucket }) => {
    const readOf = (id: string) =>
      Array.fromAsync(bucket.read({ key: "a", from: 0, size: 8 }, ({ metadata }) => metadata.pawl === id));
    assertEquals(await new Blob(await readOf("b") as BlobPart[]).text(), "abcdefgh");
    await assertRejects(() => readOf("a"), Error, "does not give the bytes of a that were asked for");
  });
  await serving([status(200, "abcdefghij")], async (opened) => {
    await assertRejects(() => read(opened), Error, "does not give the bytes of a that were asked for");
  });
});

Deno.test("a list goes on as long as there are pages, and an endless answer is cut off", async () => {
  const page = (keys: string[], next?: string) =>
    status(
      200,
      `<R>${keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("")}${
        next === undefined
          ? ""
          : `<IsTruncated>true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>`
      }</R>`,
    );
  await serving([page(["p/a", "p/&lt;"], "n+1"), page(["p/c", "q/not asked for"])], async ({ bucket }, asked) => {
    assertEquals(await Array.fromAsync(bucket.list("p/")), ["p/a", "p/<", "p/c"]);
    assertEquals(asked[1]!.url, "/bucket?list-type=2&prefix=p%2F&continuation-token=n%2B1");
  });
  const endless: Answer = (_, response) => {
    response.on("error", () => {});
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65536)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };
  await serving([endless, endless, endless, endless], async ({ bucket }) => {
    await assertRejects(() => Array.fromAsync(bucket.list("p/")), BrokenConnection, "its answer has more than");
  });
});

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
