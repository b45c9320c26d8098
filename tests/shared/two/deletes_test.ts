import { assertEquals } from "@std/assert";
import type { Bucket } from "../../../server/storage/s3/bucket.ts";
import { openBodyOf } from "../../support/open_body.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance, type SharedSite, type SharedWishes } from "../../support/shared_site.ts";
import { until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

type Site = SharedSite & { readonly one: SharedInstance; readonly other: SharedInstance };

async function open(wishes: SharedWishes = {}): Promise<Site> {
  const site = await openSharedSite(server ??= await startPostgres(), { open: true, ...wishes });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  return { ...site, one, other };
}

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

/** Stops the first instance just before it puts an object whose key begins with `prefix`. */
function stoppedBefore(prefix: string) {
  const [reached, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slowed = (bucket: Bucket, index: number): Bucket => ({
    ...bucket,
    async put(key, ...rest) {
      if (index === 0 && key.startsWith(prefix)) {
        reached.resolve();
        await goesOn.promise;
      }
      await bucket.put(key, ...rest);
    },
  });
  return { slowed, reached: reached.promise, goOn: goesOn.resolve };
}

/** A site whose first instance was stopped in the middle of a request, and is heard no more. */
interface StoppedSite extends AsyncDisposable {
  readonly site: Site;
  /** The upload that the request brings bytes of. */
  readonly path: string;
  /** Lets the instance go on, and gives the answer of the request. */
  goOn(): ReturnType<SharedInstance["ask"]>;
}

/** Stops the first instance before it puts an object below `prefix`, on a request that brings `content`. */
async function stoppedAt(prefix: string, content: string, length = content.length): Promise<StoppedSite> {
  const stopped = stoppedBefore(prefix);
  const site = await open({ slowed: stopped.slowed, silenceMs: 250 });
  const path = await create(site.one, length);
  const sent = patch(site.one, path, 0, content);
  await stopped.reached;
  site.silence(0);
  return {
    site,
    path,
    goOn() {
      stopped.goOn();
      return sent;
    },
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

async function create(at: SharedInstance, length: number): Promise<string> {
  const { headers } = await at.ask("POST /files/", { ...TUS, "Upload-Length": `${length}` });
  return headers.get("location")!;
}

const patch = (at: SharedInstance, path: string, offset: number, body: BodyInit) =>
  at.ask(`PATCH ${path}`, { ...BYTES, "Upload-Offset": `${offset}` }, { body });

/** Lets the sweeper look at all places now where bytes may have come late. */
async function sweepLate(site: SharedSite): Promise<void> {
  await site.run("UPDATE late SET due_at = clock_timestamp()");
  await site.instances[1]!.pawl.sweep();
}

/** Another instance deletes the file that the first one was stopped at. It comes back as that one goes on, and is removed. */
async function deleteElsewhere({ site, path, goOn }: StoppedSite): Promise<void> {
  const { other, objects } = site;
  assertEquals((await other.ask(`DELETE ${path}`, TUS)).status, 204);
  assertEquals((await other.ask(`HEAD ${path}`, TUS)).status, 404);
  await goOn();
  const files = () => [...objects.objects.keys()].filter((key) => key.startsWith("files/"));
  assertEquals(files().length, 1);
  await sweepLate(site);
  assertEquals(files(), []);
}

postgresTest("a file that an instance places after it was deleted elsewhere does not stay", async () => {
  await using stopped = await stoppedAt("files/", "hello");
  await deleteElsewhere(stopped);
});

postgresTest("a file that another instance has placed, and that was deleted then, does not come back", async () => {
  await using stopped = await stoppedAt("files/", "hello");
  const { site: { other }, path } = stopped;
  assertEquals((await other.ask(`HEAD ${path}`, TUS)).headers.get("upload-offset"), "5");
  assertEquals((await other.ask(`GET ${path}`)).text, "hello");
  await deleteElsewhere(stopped);
});

postgresTest(
  "a file is not taken for a late one when its upload is not over, or another upload has its name",
  async () => {
    await using site = await open();
    const { one, other, objects } = site;
    const path = await create(one, 5);
    assertEquals((await patch(one, path, 0, "hello")).status, 204);
    const [key] = [...objects.objects.keys()].filter((key) => key.startsWith("files/"));
    const id = path.split("/").at(-1);
    // A removal was begun and not recorded, and another one was of an upload that had this name before.
    await site.run(`INSERT INTO late VALUES ('${key}', '${id}', 0, now()), ('${key}', 'another', 0, now())`);
    await sweepLate(site);
    assertEquals((await other.ask(`GET ${path}`)).text, "hello");
    const looks = await site.run<{ looks: number }>("SELECT looks FROM late");
    assertEquals(looks.map(({ looks }) => looks), [1, 1]);
  },
);

postgresTest(
  "a stopped instance's client is told that its upload was deleted, and what it sent late does not stay",
  async () => {
    const stopped = stoppedBefore("incoming/");
    await using site = await open({ slowed: stopped.slowed, silenceMs: 250 });
    const { one, other, objects } = site;
    const path = await create(one, 10);
    const sending = openBodyOf(new Uint8Array(4));
    const sent = patch(one, path, 0, sending.body);
    await sending.read;
    sending.end();
    await stopped.reached;
    site.silence(0);
    assertEquals((await other.ask(`DELETE ${path}`, TUS)).status, 204);
    stopped.goOn();
    // The usual clients of tus end at this status.
    assertEquals((await sent).status, 404);
    await until(() => Promise.resolve(objects.objects.size === 0), "the bytes are removed");
    await sweepLate(site);
    assertEquals(await site.run("SELECT id FROM bytes UNION ALL SELECT id FROM counted"), []);
    const late = await site.run<{ key: string }>("SELECT key FROM late");
    assertEquals(late, [{ key: `incoming/${path.split("/").at(-1)}/` }]);
    // An instance that is killed then leaves its objects to the sweeper.
    objects.objects.set(`${late[0]!.key}token/small-1`, { pieces: [new Uint8Array(3)], metadata: {} });
    await sweepLate(site);
    await until(() => Promise.resolve(objects.objects.size === 0), "the late bytes are removed");
  },
);

postgresTest("an upload that another instance has taken while this one was stopped stays whole", async () => {
  await using stopped = await stoppedAt("incoming/", "zzzz", 10);
  const { site, path } = stopped;
  const { one, other, objects } = site;
  assertEquals((await other.ask(`HEAD ${path}`, TUS)).headers.get("upload-offset"), "0");
  assertEquals((await patch(other, path, 0, "0123")).status, 204);
  const { status, headers } = await stopped.goOn();
  // Four bytes are acknowledged. An answer with fewer would take them back.
  assertEquals([status, headers.get("upload-offset")], [409, "4"]);
  assertEquals((await patch(other, path, 4, "456789")).status, 204);
  assertEquals((await other.ask(`GET ${path}`)).text, "0123456789");
  // A part that comes in late does not stay either, and the file does.
  const late = `incoming/${path.split("/").at(-1)}/token/small-1`;
  objects.objects.set(late, { pieces: [new Uint8Array(3)], metadata: {} });
  await until(async () => {
    await sweepLate(site);
    return !objects.objects.has(late);
  }, "the late bytes are removed");
  assertEquals((await one.ask(`GET ${path}`)).text, "0123456789");
});
