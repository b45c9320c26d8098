import { assertEquals, assertRejects } from "@std/assert";
import { type OnSignedOut, SignIns, UploadError } from "../../../client/mod.ts";
import { FakeServer, type Fault } from "../support/fake_server.ts";
import { fileOf, LARGE, rest, setUpQueue } from "../support/queue_set_up.ts";
import { type Setup, setUp, SIZE, waits } from "../support/set_up.ts";

const OUT: Fault = { answer: { status: 401 } };
/** The second request with bytes is refused. */
const MIDWAY = [undefined, undefined, OUT];

interface Asked extends Setup {
  /** How often a sign-in was asked for. */
  times: () => number;
  /** Signs in, or fails to. */
  answer: PromiseWithResolvers<void>;
}

/** An uploader that asks for a sign-in, which comes when the test says so. */
function setUpAsking(faults: (Fault | undefined)[]): Asked {
  let times = 0;
  const answer = Promise.withResolvers<void>();
  const onSignedOut = () => {
    times++;
    return answer.promise;
  };
  return { ...setUp(new FakeServer(SIZE, { faults }), { onSignedOut }), times: () => times, answer };
}

Deno.test("an upload that is signed out midway waits and says why, and goes on from the safe byte after the sign-in", async () => {
  const { uploader, server, clock, progress, times, answer } = setUpAsking([...MIDWAY]);
  const result = uploader.upload();
  await clock.settle();
  const { state, problem, confirmed, retryInMs } = uploader.progress;
  assertEquals([state, problem?.code, confirmed, retryInMs], ["waiting", "signed-out", 400, undefined]);
  assertEquals(times(), 1);
  answer.resolve();
  assertEquals(await clock.run(result), true);
  assertEquals(server.seen, ["GET", "POST 0+400", "POST 400+400", "GET", "POST 400+400", "POST 800+200"]);
  assertEquals([server.travelled, waits(progress), times()], [SIZE, [undefined], 1]);
});

Deno.test("the headers of a request after the sign-in are asked for anew", async () => {
  let token = "old";
  const server = new FakeServer(SIZE, { faults: [...MIDWAY] });
  const { uploader, clock } = setUp(server, {
    headers: () => ({ Authorization: `Bearer ${token}` }),
    onSignedOut: () => void (token = "new"),
  });
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(server.headers.map(({ Authorization }) => Authorization?.slice(7)), [
    ..."old old old".split(" "),
    ..."new new new".split(" "),
  ]);
});

Deno.test("a sign-in that is given up ends the upload, and the next upload() goes on where it was", async () => {
  const table: [reason: unknown, code: string][] = [
    [new Error("Closed"), "signed-out"],
    [new UploadError("not-allowed", "You may not"), "not-allowed"],
  ];
  for (const [reason, code] of table) {
    const { uploader, clock, server, answer } = setUpAsking([...MIDWAY]);
    const result = uploader.upload();
    await clock.settle();
    answer.reject(reason);
    assertEquals((await assertRejects(() => clock.run(result), UploadError)).code, code);
    assertEquals(await clock.run(uploader.upload()), true);
    assertEquals(server.seen.slice(3), ["GET", "POST 400+400", "POST 800+200"]);
  }
});

Deno.test("sign-ins that are of no use are asked for again after retry delays, and end at the last try", async () => {
  let times = 0;
  const faults = Array(9).fill(OUT);
  const { uploader, clock } = setUp(new FakeServer(SIZE, { faults }), { tries: 4, onSignedOut: () => void times++ });
  const beganAt = clock.now();
  const error = await assertRejects(() => clock.run(uploader.upload()), UploadError);
  assertEquals([error.code, times], ["signed-out", 3]);
  assertEquals(clock.now() - beganAt, 500 + 1000);
});

Deno.test("an upload that waits for a sign-in can be paused and stopped, and is cancelled after the sign-in", async () => {
  const paused = setUpAsking([...MIDWAY]);
  const result = paused.uploader.upload();
  await paused.clock.settle();
  paused.uploader.pause();
  await paused.clock.settle();
  assertEquals(paused.uploader.progress.state, "paused");
  paused.answer.resolve();
  await paused.clock.settle();
  assertEquals(paused.uploader.progress.state, "paused");
  paused.uploader.resume();
  assertEquals(await paused.clock.run(result), true);

  const stopped = setUpAsking([...MIDWAY]);
  const ended = stopped.uploader.upload();
  await stopped.clock.settle();
  stopped.uploader.stop();
  assertEquals(await stopped.clock.run(ended), false);

  const cancelled = setUpAsking([...MIDWAY, OUT]);
  cancelled.uploader.upload();
  await cancelled.clock.settle();
  const gone = cancelled.uploader.cancel();
  await cancelled.clock.settle();
  assertEquals([cancelled.server.held, cancelled.times()], [400, 1]);
  cancelled.answer.resolve();
  await cancelled.clock.run(gone);
  assertEquals([cancelled.server.held, cancelled.uploader.progress.state], [0, "cancelled"]);
});

Deno.test("a finished file is deleted after a sign-in", async () => {
  const { uploader, clock, server, answer, times } = setUpAsking([undefined, undefined, undefined, undefined, OUT]);
  await clock.run(uploader.upload());
  answer.resolve();
  await clock.run(uploader.delete());
  assertEquals([server.held, times()], [0, 1]);
});

Deno.test("a queue asks once for all its uploads, also for those whose refusal comes late", async () => {
  let times = 0;
  const signedIn = Promise.withResolvers<void>();
  const onSignedOut: OnSignedOut = () => {
    times++;
    return signedIn.promise;
  };
  const options = { requestBytes: 2 ** 19, onSignedOut };
  const { queue, host, until } = setUpQueue(options, () => ({ faults: [undefined, undefined, OUT] }));
  for (const name of ["a", "b", "c", "d"]) queue.add(fileOf(name, LARGE));
  while (queue.total.signedOut < 3) await rest(1);
  assertEquals([times, queue.total.in.waiting, queue.total.in.queued], [1, 3, 1]);
  signedIn.resolve();
  await until("done");
  // The fourth was refused after that sign-in, for which nobody has signed in again.
  assertEquals([times, [...host.files.values()].every(({ complete }) => complete)], [2, true]);
});

Deno.test("a request that was made before the last sign-in, and refused after it, asks nobody", async () => {
  let times = 0;
  const signIns = new SignIns(() => void times++);
  const refused = new UploadError("signed-out", "Sign in");
  const before = signIns.count;
  await Promise.all([signIns.ask(before, refused), signIns.ask(before, refused)]);
  await signIns.ask(before, refused);
  assertEquals([times, signIns.count], [1, 1]);
  await signIns.ask(signIns.count, refused);
  assertEquals(times, 2);
  await assertRejects(() => new SignIns().ask(0, refused), UploadError, "Sign in");
});
