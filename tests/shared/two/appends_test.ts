import { assert, assertEquals } from "@std/assert";
import { openBodyOf } from "../../support/open_body.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance, type SharedSite, type SharedWishes } from "../../support/shared_site.ts";
import { someBytes } from "../../support/bytes.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

/** A request waits long for a silent client, and shortly for one that sends. */
const limits = {
  patience: { waitMs: 200, silenceMs: 60_000 },
  appendPatience: { waitMs: 200, silenceMs: 60_000 },
};

async function open(wishes: SharedWishes = {}): Promise<SharedSite & { one: SharedInstance; other: SharedInstance }> {
  const site = await openSharedSite(server ??= await startPostgres(), { open: true, limits, ...wishes });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  return { ...site, one, other };
}

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

async function create(at: SharedInstance, length: number): Promise<string> {
  const { headers } = await at.ask("POST /files/", { ...TUS, "Upload-Length": `${length}` });
  return headers.get("location")!;
}

const patch = (at: SharedInstance, path: string, offset: number, body: BodyInit) =>
  at.ask(`PATCH ${path}`, { ...BYTES, "Upload-Offset": `${offset}` }, { body });

/** Begins an upload of ten bytes at an instance, which has read `first` of them when this resolves. */
async function beginAt(at: SharedInstance, first: Uint8Array<ArrayBuffer>) {
  const path = await create(at, 10);
  const sending = openBodyOf(first);
  const sent = patch(at, path, 0, sending.body);
  await sending.read;
  return { path, sending, sent };
}

const offsetAt = async (at: SharedInstance, path: string) =>
  Number((await at.ask(`HEAD ${path}`, TUS)).headers.get("upload-offset"));

postgresTest(
  "an append elsewhere than the bytes end that another instance receives takes nothing from it",
  async () => {
    await using site = await open();
    const { one, other } = site;
    const { path, sending, sent } = await beginAt(one, new Uint8Array(4));
    for (const offset of [0, 2, 7]) {
      const { status, headers, text } = await patch(other, path, offset, "xyz");
      // The record has no byte yet. A body from there would be right, were the other one not receiving.
      assertEquals([offset, status], [offset, offset === 0 ? 423 : 409], text);
      assertEquals([offset, headers.get("upload-offset")], [offset, "0"]);
    }
    await sending.end(new Uint8Array(6));
    assertEquals([(await sent).status, await offsetAt(other, path)], [204, 10]);
  },
);

postgresTest("an append where the bytes end that another instance receives takes the upload over", async () => {
  await using site = await open();
  const { one, other } = site;
  const { path, sent } = await beginAt(one, new TextEncoder().encode("0123"));
  assertEquals((await patch(other, path, 4, "456789")).status, 204);
  const { status, headers } = await sent;
  assertEquals([status, headers.get("upload-offset")], [409, "4"]);
  assertEquals((await one.ask(`GET ${path}`)).text, "0123456789");
});

postgresTest("a request that a load balancer repeats at another instance stores its bytes once", async () => {
  await using site = await open();
  const { one, other } = site;
  const content = someBytes(300_000);
  for (let round = 0; round < 4; round++) {
    const path = await create(one, content.length);
    const answers = await Promise.all([one, other].map((at) => patch(at, path, 0, new Blob([content]).stream())));
    const told = answers.map(({ status }) => status);
    assert(told.includes(204), `${told}`);
    assertEquals(told.filter((status) => ![204, 409, 423].includes(status)), []);
    for (const { status, headers } of answers) {
      if (status !== 423) assert(Number(headers.get("upload-offset")) <= content.length, `${status}`);
    }
    assertEquals(await offsetAt(other, path), content.length);
    const got = await other.pawl.app(new Request(`http://localhost${path}`));
    assertEquals(await got.bytes() as Uint8Array, content);
  }
});

postgresTest(
  "a client whose upload another instance has taken is told 409 with the offset, by every protocol",
  async () => {
    await using site = await open();
    const { one, other } = site;
    const simple = { "X-File-Id": "a", "X-File-Size": "10", "X-Start-Byte": "0" };
    const ietf = {
      "Upload-Draft-Interop-Version": "8",
      "Upload-Complete": "?0",
      "Content-Type": "application/partial-upload",
    };
    const first = openBodyOf(new TextEncoder().encode("0123"));
    const sent = one.ask("POST /upload", simple, { body: first.body });
    await first.read;
    assertEquals((await other.ask("POST /upload", { ...simple, "X-Start-Byte": "4" }, { body: "456789" })).status, 200);
    assertEquals([(await sent).status, (await sent).headers.get("upload-offset")], [409, "4"]);
    const path = await create(one, 10);
    const second = openBodyOf(new TextEncoder().encode("0123"));
    const resumed = one.ask(`PATCH ${path}`, { ...ietf, "Upload-Offset": "0" }, { body: second.body });
    await second.read;
    const more = await other.ask(`PATCH ${path}`, { ...ietf, "Upload-Offset": "4" }, { body: "45" });
    assert(more.status < 300, `${more.status} ${more.text}`);
    assertEquals([(await resumed).status, (await resumed).headers.get("upload-offset")], [409, "4"]);
  },
);

postgresTest(
  "an upload that is deleted at one instance while another receives is gone, with all its bytes",
  async () => {
    await using site = await open();
    const { one, other } = site;
    const { path, sent } = await beginAt(one, new Uint8Array(4));
    assertEquals((await other.ask(`DELETE ${path}`, TUS)).status, 204);
    // The request ended for the other one, and the next is told why.
    assertEquals((await sent).status, 409);
    for (const at of [one, other]) {
      assertEquals([(await at.ask(`HEAD ${path}`, TUS)).status, (await patch(at, path, 4, "x")).status], [404, 404]);
    }
    for (const { pawl } of site.instances) await pawl.interrupt();
    assertEquals([...site.objects.objects.keys()], []);
    assertEquals(await site.run("SELECT id FROM bytes UNION ALL SELECT id FROM counted"), []);
  },
);
