import { assertEquals } from "@std/assert";
import { createEvents, createOutbox } from "../../../server/storage/kv/events.ts";
import { createLinks } from "../../../server/storage/kv/links.ts";
import { createRecords } from "../../../server/storage/kv/records.ts";
import { createTokens } from "../../../server/storage/kv/tokens.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { newUpload } from "../../../server/model/upload.ts";
import type { Link } from "../../../server/model/link.ts";
import { type Connection, createConnection } from "../../../server/storage/postgres/connection.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

/** The databases of two instances. */
async function openTwo() {
  server ??= await startPostgres();
  const first = await openSchema(server, { deadlineMs: PATIENCE_MS });
  const second = createConnection(first.url, { deadlineMs: PATIENCE_MS });
  const databases = [first, second].map((connection: Connection) => createEntries(connection, new Held()));
  return {
    one: databases[0]!,
    other: databases[1]!,
    [Symbol.asyncDispose]: async () => void await Promise.all([first.close(), second.close()]),
  };
}

postgresTest("tokens and the key of the sessions are the same at every instance", async () => {
  await using two = await openTwo();
  const [one, other] = [createTokens(two.one), createTokens(two.other)];
  const keys = await Promise.all([one.sessionKey(), other.sessionKey(), one.sessionKey()]);
  assertEquals(keys[0]!.length, 32);
  assertEquals([keys[1], keys[2]], [keys[0], keys[0]]);
  const token = { hash: "h", name: "anna", owner: "anna", rights: { read: true, upload: true }, createdAt: 1 } as never;
  const added = await Promise.all([one.add(token), other.add({ ...token as object, hash: "i" } as never)]);
  assertEquals(added.filter(Boolean).length, 1);
  assertEquals((await one.list()).length, 1);
  await one.endSession("s", 10, 1);
  assertEquals([await other.isEnded("s"), await other.isEnded("t"), await other.hadToken()], [true, false, true]);
});

postgresTest("a link with a limit of downloads is used that often at all instances together", async () => {
  await using two = await openTwo();
  const [one, other] = [createLinks(two.one), createLinks(two.other)];
  const link = {
    kind: "download",
    hash: "h",
    id: "l",
    owner: "o",
    createdAt: 1,
    maxDownloads: 5,
    target: { kind: "file", upload: "u" },
  };
  assertEquals(await one.add(link as unknown as Link, 9), true);
  const counted = await Promise.all(
    Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? one : other).countDownload("h", undefined, 2)),
  );
  assertEquals([counted.filter(Boolean).length, await other.downloads("h")], [5, 5]);
  assertEquals([await other.remove("l"), await one.find("h")], ["h", undefined]);
});

postgresTest("an owner has so many links at all instances together", async () => {
  await using two = await openTwo();
  const [one, other] = [createLinks(two.one), createLinks(two.other)];
  const added = await Promise.all(Array.from({ length: 6 }, (_, at) => {
    const link = { kind: "upload", hash: `h${at}`, id: `l${at}`, owner: "o", createdAt: 1 };
    return (at % 2 === 0 ? one : other).add(link as unknown as Link, 3);
  }));
  assertEquals([added.filter(Boolean).length, (await one.list("o")).length], [3, 3]);
});

postgresTest("an event is in the queue of every instance once its record is, and is dealt once", async () => {
  await using two = await openTwo();
  const outbox = createOutbox({ now: () => 7, wake() {} });
  const records = await createRecords(two.one, createSameName({ ignoresCase: false }), { outbox });
  const upload = newUpload({ owner: "o", name: "a", folders: [], metadata: "x \0 \ud800" }, {
    id: "a",
    now: 0,
    serviceNow: 0,
    expireAfterMs: 9,
    boot: "shared",
    durable: true,
  });
  await records.create(upload);
  // Text of a client comes back as it was, also characters that PostgreSQL takes in no text.
  assertEquals(await records.get("a"), upload);
  const [one, other] = [createEvents(two.one), createEvents(two.other)];
  const [event] = await other.undealt(9);
  assertEquals([event?.type, event?.at], ["upload.created", 7]);
  await Promise.all([one, other].map((events) => events.deal(event!, ["hook"])));
  assertEquals([await one.undealt(9), (await other.due("hook", 7, 9)).length], [[], 1]);
  const delivery = (await one.due("hook", 7, 9))[0]!;
  const changed = await Promise.all([one, other].map((events) => events.change(delivery)));
  assertEquals(changed.filter(Boolean).length, 1);
  assertEquals(await Array.fromAsync(one.all()), []);
});
