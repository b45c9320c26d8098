import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventEmitter } from "node:events";
import type net from "node:net";
import { createDialer, type DatabaseServer } from "../../../../server/storage/postgres/dialer.ts";
import { virtualTime } from "../../../support/virtual_time.ts";

const servers: DatabaseServer[] = [{ host: "one", port: 5432 }, { host: "two", port: 5433 }];

/** The behaviour of a server towards a new connection. */
type Answer = "accepts" | "refuses" | "says nothing";

/** A connection without a network. */
class FakeSocket extends EventEmitter {
  isDestroyed = false;
  destroy() {
    this.isDestroyed = true;
    queueMicrotask(() => this.emit("close"));
  }
}

/** Servers of which each does with a connection what `answers` says; by default, it accepts. */
function networkOf(answers: Record<string, Answer>) {
  const asked: string[] = [];
  const sockets: FakeSocket[] = [];
  const connect = ({ host }: DatabaseServer) => {
    asked.push(host);
    const socket = new FakeSocket();
    sockets.push(socket);
    const answer = answers[host] ?? "accepts";
    if (answer === "accepts") queueMicrotask(() => socket.emit("connect"));
    if (answer === "refuses") queueMicrotask(() => socket.emit("error", new Error("ECONNREFUSED")));
    return socket as unknown as net.Socket;
  };
  const destroyed = () => sockets.filter(({ isDestroyed }) => isDestroyed).length;
  return { asked, sockets, destroyed, dialer: createDialer({ patienceMs: 1000, connect }) };
}

const never = new AbortController().signal;

Deno.test("each connection asks the next server, for the last one may have been a standby", async () => {
  const { dialer, asked } = networkOf({});
  const socket = await dialer.dial(servers, never);
  await dialer.dial(servers, never);
  await dialer.dial(servers, never);
  assertEquals(asked, ["one", "two", "one"]);
  // A certificate must have this name.
  assertEquals((socket as net.Socket & DatabaseServer).host, "one");
});

Deno.test("a server that refuses is passed over at once", async () => {
  const { dialer, asked, destroyed } = networkOf({ one: "refuses" });
  await dialer.dial(servers, never);
  assertEquals([asked, destroyed()], [["one", "two"], 1]);
});

Deno.test("a machine that is off, and so answers nothing, is passed over", async () => {
  using time = virtualTime();
  const { dialer, asked, destroyed } = networkOf({ one: "says nothing" });
  const dialing = dialer.dial(servers, never);
  await time.pass(999);
  assertEquals(asked, ["one"]);
  await time.pass(1);
  await dialing;
  assertEquals([asked, destroyed()], [["one", "two"], 1]);
});

Deno.test("a machine that was off is asked seldom, until it answers", async () => {
  using time = virtualTime();
  const answers: Record<string, Answer> = { one: "says nothing" };
  const { dialer, asked, sockets } = networkOf(answers);
  const dialOften = () => Promise.all(Array.from({ length: 40 }, () => dialer.dial(servers, never)));
  await time.run(dialer.dial(servers, never));
  asked.length = 0;
  await time.run(dialOften());
  const seldom = asked.filter((host) => host === "one").length;
  assert(seldom > 1 && seldom < 8, `${seldom} times`);
  answers["one"] = "accepts";
  await time.run(dialOften());
  // That it accepts is not enough: one that is frozen does so.
  for (const each of sockets) each.emit("data", new Uint8Array(1));
  asked.length = 0;
  await time.run(dialOften());
  assertEquals(asked.filter((host) => host === "one").length, 20);
});

Deno.test("each of several machines that were off is asked again", async () => {
  using time = virtualTime();
  const answers: Record<string, Answer> = { one: "says nothing", two: "says nothing" };
  const { dialer, asked } = networkOf(answers);
  const three = [...servers, { host: "three", port: 5434 }];
  const dialOften = () => Promise.all(Array.from({ length: 40 }, () => dialer.dial(three, never)));
  await time.run(dialOften());
  asked.length = 0;
  await time.run(dialOften());
  const counts = ["one", "two"].map((name) => asked.filter((host) => host === name).length);
  for (const count of counts) assert(count > 1 && count < 10, `${counts} times`);
});

Deno.test("a server that accepts and says nothing is asked seldom afterwards", async () => {
  using time = virtualTime();
  const { dialer, asked, sockets } = networkOf({});
  await time.run(dialer.dial(servers, never));
  sockets[0]!.emit("close");
  asked.length = 0;
  await time.run(Promise.all([1, 2, 3, 4].map(() => dialer.dial(servers, never))));
  assertEquals(asked, ["two", "two", "two", "two"]);
});

Deno.test("servers that all refuse are asked a hundred times in a second, after a burst", async () => {
  using time = virtualTime();
  const { dialer, asked } = networkOf({ one: "refuses", two: "refuses" });
  const stopped = new AbortController();
  // They are as many as an instance has, and one more that listens.
  const dialing = Promise.allSettled(Array.from({ length: 11 }, () => dialer.dial(servers, stopped.signal)));
  await time.pass(500);
  const before = asked.length;
  await time.pass(10_000);
  assertEquals(asked.length - before, 1000);
  assert(before <= 20 + 50, `${before} at once`);
  stopped.abort();
  await dialing;
});

for (const answer of ["refuses", "says nothing"] as const) {
  Deno.test(`a dialer that is stopped tries no more and keeps no socket, where a server ${answer}`, async () => {
    const { dialer, asked, destroyed } = networkOf({ one: answer, two: answer });
    const stopped = new AbortController();
    const dialing = assertRejects(() => dialer.dial(servers, stopped.signal), DOMException);
    while (asked.length === 0) await Promise.resolve();
    stopped.abort();
    await dialing;
    assertEquals(destroyed(), asked.length);
    const before = asked.length;
    await assertRejects(() => dialer.dial(servers, stopped.signal), DOMException);
    // A timer that goes on would be a leak of this test.
    assertEquals(asked.length, before);
  });
}

Deno.test("a socket whose server has said nothing is closed with the dialer, and another one is not", async () => {
  const { dialer, sockets } = networkOf({});
  const stopped = new AbortController();
  await dialer.dial(servers, stopped.signal);
  await dialer.dial(servers, stopped.signal);
  sockets[1]!.emit("data", new Uint8Array(1));
  stopped.abort();
  assertEquals(sockets.map(({ isDestroyed }) => isDestroyed), [true, false]);
});

Deno.test("a socket that is accepted as the dialer is stopped is closed", async () => {
  const { dialer, destroyed } = networkOf({});
  const stopped = new AbortController();
  const dialing = assertRejects(() => dialer.dial(servers, stopped.signal), DOMException);
  queueMicrotask(() => queueMicrotask(() => stopped.abort()));
  await dialing;
  assertEquals(destroyed(), 1);
});
