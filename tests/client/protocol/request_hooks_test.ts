import { assertEquals, assertRejects } from "@std/assert";
import { type TransportRequest, type UploaderOptions, UploadError } from "../../../client/mod.ts";
import { FakeServer } from "../support/fake_server.ts";
import { setUp, SIZE } from "../support/set_up.ts";

/** An uploader with these options, and the requests that leave it. */
function watched(options: Partial<UploaderOptions>) {
  const server = new FakeServer(SIZE);
  const requests: TransportRequest[] = [];
  const setup = setUp(server, {
    ...options,
    transport(request) {
      requests.push(request);
      return server.transport(request);
    },
  });
  return { ...setup, requests };
}

Deno.test("headers go with every request, also with the one that deletes", async () => {
  const { clock, uploader, requests } = watched({ headers: { Authorization: "Bearer 1" } });
  await clock.run(uploader.upload());
  await clock.run(uploader.delete());
  assertEquals(requests.map(({ method }) => method), ["GET", "POST", "POST", "POST", "DELETE"]);
  assertEquals(new Set(requests.map(({ headers }) => headers["Authorization"])), new Set(["Bearer 1"]));
});

Deno.test("headers that a function gives are asked for before each request", async () => {
  let count = 0;
  const { clock, uploader, requests } = watched({ headers: () => Promise.resolve({ "X-Count": `${++count}` }) });
  await clock.run(uploader.upload());
  assertEquals(requests.map(({ headers }) => headers["X-Count"]), ["1", "2", "3", "4"]);
});

Deno.test("headers of a program do not take the place of the protocol's", async () => {
  const { server, clock, uploader } = watched({ headers: { "X-Start-Byte": "7" } });
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(server.complete, true);
});

Deno.test("onBeforeRequest() sees each request, and changes its headers", async () => {
  const urls: string[] = [];
  const { clock, uploader, requests } = watched({
    endpoint: "https://up.example",
    onBeforeRequest({ method, url, headers }) {
      urls.push(`${method} ${url}`);
      headers["X-Trace"] = String(urls.length);
    },
  });
  await clock.run(uploader.upload());
  const post = "POST https://up.example/upload";
  assertEquals(urls, ["GET https://up.example/status", post, post, post]);
  assertEquals(requests.map(({ headers }) => headers["X-Trace"]), ["1", "2", "3", "4"]);
});

Deno.test("onBeforeRequest() that rejects is tried again, and ends the upload with an UploadError", async () => {
  let count = 0;
  const onBeforeRequest = () => ++count === 2 ? Promise.reject(new Error("No token yet")) : Promise.resolve();
  const passing = watched({ onBeforeRequest });
  assertEquals(await passing.clock.run(passing.uploader.upload()), true);
  assertEquals(passing.progress.find(({ problem }) => problem)?.problem?.message, "No token yet");

  const error = new UploadError("not-allowed", "Sign in again");
  const ending = watched({ onBeforeRequest: () => Promise.reject(error) });
  assertEquals(await assertRejects(() => ending.clock.run(ending.uploader.upload()), UploadError), error);
  assertEquals(ending.requests, []);
});

Deno.test("a hook that never resolves holds no upload that is stopped", async () => {
  const { clock, uploader, requests } = watched({ headers: () => new Promise(() => {}) });
  const result = uploader.upload();
  await clock.settle();
  uploader.stop();
  assertEquals([await clock.run(result), requests], [false, []]);
});
