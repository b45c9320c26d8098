import { assertEquals, assertRejects } from "@std/assert";
import type { OpenBucket } from "../../../../server/storage/s3/open_bucket.ts";
import { BrokenConnection } from "../../../../server/storage/s3/s3_error.ts";
import { type Answer, serving, status } from "../../../support/scripted_s3.ts";

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
  // A server that says again and again that the list goes on at one place is not followed for ever.
  await serving([page(["p/a"], "n"), page(["p/b"], "n")], async ({ bucket }, asked) => {
    assertEquals(await Array.fromAsync(bucket.list("p/")), ["p/a", "p/b"]);
    assertEquals(asked.length, 2);
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
