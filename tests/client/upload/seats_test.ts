import { assertEquals } from "@std/assert";
import { LocalLocks, type Locks } from "../../../client/memory/locks.ts";
import { Seats } from "../../../client/upload/seats.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer } from "../support/fake_server.ts";
import { setUp, SIZE } from "../support/set_up.ts";
import { turns } from "../support/turns.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const origin = "https://a.example";

/** Bodies that are under way until somebody ends them. */
function bodies(seats: Seats) {
  const running = new Map<string, () => void>();
  const send = (name: string, { isSmall = false, signal = new AbortController().signal } = {}) =>
    seats.run({ isSmall, signal }, () => new Promise<string>((end) => running.set(name, () => end(name))));
  const end = async (name: string) => {
    running.get(name)!();
    running.delete(name);
    await turns(20);
  };
  return { running, send, end };
}

for (const [whose, locks] of [["of all tabs", new FakeLocks()], ["of one tab", undefined]] as const) {
  Deno.test(`Seats ${whose} are four, one of them for small files, and are given in the order of arrival`, async () => {
    const { running, send, end } = bodies(new Seats({ locks, origin }));
    const sent = ["l1", "l2", "l3", "l4", "l5"].map((name) => send(name));
    await turns(20);
    sent.push(...["s1", "s2"].map((name) => send(name, { isSmall: true })));
    await turns(20);
    assertEquals([...running.keys()], ["l1", "l2", "l3", "s1"]);
    await end("s1");
    assertEquals([...running.keys()], ["l1", "l2", "l3", "s2"]);
    await end("l2");
    assertEquals([...running.keys()], ["l1", "l3", "s2", "l4"]);
    for (const name of ["l1", "l3", "s2", "l4", "l5"]) await end(name);
    assertEquals(await Promise.all(sent), ["l1", "l2", "l3", "l4", "l5", "s1", "s2"]);
  });
}

Deno.test("Small files take all seats that no large one has, and give each back", async () => {
  const locks = new FakeLocks();
  const { running, send, end } = bodies(new Seats({ locks, origin }));
  const names = Array.from({ length: 9 }, (_, i) => `s${i}`);
  const sent = names.map((name) => send(name, { isSmall: true }));
  await turns(20);
  assertEquals(running.size, 4);
  for (const name of names) await end(name);
  assertEquals(await Promise.all(sent), names);
  assertEquals([locks.held, locks.waiting], [[], 0]);
});

Deno.test("Tabs share the seats of a server, and a tab that ends frees its own", async () => {
  const locks = new FakeLocks();
  const free = await Promise.all([0, 1, 2].map((seat) => locks.hold(`pawl seat ${seat} ${origin}`)));
  const { running, send, end } = bodies(new Seats({ locks, origin }));
  const elsewhere = bodies(new Seats({ locks, origin: "https://b.example" }));
  const sent = send("large");
  const other = elsewhere.send("other");
  await turns(20);
  assertEquals([[...running.keys()], [...elsewhere.running.keys()]], [[], ["other"]]);
  free[1]!();
  await turns(20);
  assertEquals([...running.keys()], ["large"]);
  await end("large");
  await elsewhere.end("other");
  assertEquals(await Promise.all([sent, other]), ["large", "other"]);
});

Deno.test("A body that is given up while it waits for a seat takes none", async () => {
  const locks = new FakeLocks();
  const free = await Promise.all([0, 1, 2].map((seat) => locks.hold(`pawl seat ${seat} ${origin}`)));
  const { running, send } = bodies(new Seats({ locks, origin }));
  const stop = new AbortController();
  const sent = send("large", { signal: stop.signal });
  await turns(20);
  stop.abort();
  assertEquals([await sent, locks.waiting], [undefined, 0]);
  for (const release of free) release();
  await turns(20);
  assertEquals([running.size, locks.held], [0, []]);
  assertEquals(await send("late", { signal: AbortSignal.abort() }), undefined);
});

Deno.test("A body that is given up while the last seat is tried takes none, and is over at once", async () => {
  const locks = new FakeLocks();
  const free = await Promise.all([0, 1, 2].map((seat) => locks.hold(`pawl seat ${seat} ${origin}`)));
  const stop = new AbortController();
  let tried = 0;
  const aborting: Locks = {
    request: async (name: string, ...rest: unknown[]): Promise<never> => {
      if ((rest[0] as LockOptions).ifAvailable && ++tried === 3) stop.abort();
      return await locks.request(name, ...rest);
    },
  };
  const { send, running } = bodies(new Seats({ locks: aborting, origin }));
  const ended: unknown[] = [];
  send("large", { signal: stop.signal }).then((result) => ended.push(result));
  await turns(20);
  assertEquals([tried, ended, locks.waiting], [3, [undefined], 0]);
  for (const release of free) release();
  await turns(20);
  assertEquals([running.size, locks.held], [0, []]);
});

Deno.test("A body that gets no seat for a minute goes without one, and takes none then", async () => {
  const locks = new FakeLocks();
  const asleep = await Promise.all([0, 1, 2].map((seat) => locks.hold(`pawl seat ${seat} ${origin}`)));
  const clock = new VirtualClock();
  const { send, running, end } = bodies(new Seats({ locks, origin, clock }));
  const beganAt = clock.now();
  const began = Promise.withResolvers<void>();
  const stop = new AbortController();
  const stopped = send("stopped", { signal: stop.signal });
  await turns(20);
  stop.abort();
  assertEquals(await stopped, undefined);
  const sent = send("large");
  const seats = new Seats({ locks, origin, clock });
  const { signal } = new AbortController();
  seats.run({ isSmall: false, signal }, () => Promise.resolve(began.resolve()));
  await clock.run(began.promise);
  await turns(20);
  assertEquals([clock.now() - beganAt, [...running.keys()], locks.waiting], [60_000, ["large"], 0]);
  for (const release of asleep) release();
  await turns(20);
  assertEquals(locks.held, []);
  await end("large");
  assertEquals(await sent, "large");
});

Deno.test("Over HTTP/2 and HTTP/3 there are seats for any number of large files", async () => {
  for (const [protocol, most] of [["h2", 24], ["h3", 24], ["http/1.1", 3], [undefined, 3]] as const) {
    const { running, send } = bodies(new Seats({ locks: new LocalLocks(), origin, protocol: () => protocol }));
    const stop = new AbortController();
    const names = Array.from({ length: 26 }, (_, i) => `l${i}`);
    const sent = names.map((name) => send(name, { signal: stop.signal }));
    await turns(20);
    assertEquals(running.size, most);
    stop.abort();
    for (const name of [...running.keys()]) running.get(name)!();
    await Promise.all(sent);
  }
});

Deno.test("Seats do without locks that a browser refuses, and an error of the work is its own", async () => {
  const refused = new DOMException("This frame has no locks", "SecurityError");
  const locks = { request: () => Promise.reject(refused) } as unknown as Locks;
  const seats = new Seats({ locks, origin });
  const { signal } = new AbortController();
  assertEquals(await seats.run({ isSmall: false, signal }, () => Promise.resolve(5)), 5);
  const failed = seats.run({ isSmall: false, signal }, () => Promise.reject(new Error("broken")));
  assertEquals(await failed.catch(({ message }) => message), "broken");
});

Deno.test("an upload waits for a seat for its bytes if it is given seats, and sends at once otherwise", async () => {
  const locks = new FakeLocks();
  const free = await Promise.all([0, 1, 2, 3].map((seat) => locks.hold(`pawl seat ${seat} ${origin}`)));
  const alone = setUp(new FakeServer(SIZE), { locks });
  assertEquals(await alone.clock.run(alone.uploader.upload()), true);
  const { server, clock, uploader } = setUp(new FakeServer(SIZE), { locks, seats: new Seats({ locks, origin }) });
  const result = uploader.upload();
  await clock.settle();
  assertEquals([server.seen, uploader.progress.state], [["GET"], "asking"]);
  free[0]!();
  assertEquals(await clock.run(result), true);
});

Deno.test("without locks of the browser, a body that is given up while it waits holds nobody up", async () => {
  const { running, send, end } = bodies(new Seats({ origin }));
  const sent = ["l1", "l2", "l3"].map((name) => send(name));
  await turns(20);
  const stop = new AbortController();
  const stopped = send("l4", { signal: stop.signal });
  const last = send("l5");
  await turns(20);
  stop.abort();
  assertEquals(await stopped, undefined);
  await end("l2");
  assertEquals([...running.keys()], ["l1", "l3", "l5"]);
  for (const name of ["l1", "l3", "l5"]) await end(name);
  assertEquals(await Promise.all([...sent, last]), ["l1", "l2", "l3", "l5"]);
});
