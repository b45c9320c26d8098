import { assertEquals, assertRejects } from "@std/assert";
import type { TransportAnswer, TransportRequest } from "../../../client/mod.ts";
import { sendWatched, Stalled, TooSlow } from "../../../client/protocol/watchdog.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const ANSWER: TransportAnswer = { status: 200, headers: new Headers(), text: "" };
const BYTES = 100;

type Moves = readonly (readonly [afterMs: number, sentBytes: number])[];

/** Sends a body that moves as told, and is answered `answerAfterMs` later if that is finite. */
async function watch(
  moves: Moves,
  { answerAfterMs = Infinity, bodyMs, look, body = new Blob([new Uint8Array(BYTES)]) }: {
    answerAfterMs?: number;
    bodyMs?: number;
    look?: (body: Blob) => Promise<void>;
    body?: Blob;
  } = {},
): Promise<{ clock: VirtualClock; begun: number; result: Promise<TransportAnswer> }> {
  const clock = new VirtualClock();
  const transport = async ({ signal, onSent }: TransportRequest) => {
    for (const [ms, bytes] of moves) {
      await clock.wait(ms, signal);
      if (!signal.aborted) onSent?.(bytes);
    }
    await clock.wait(answerAfterMs, signal);
    signal.throwIfAborted();
    return ANSWER;
  };
  const request: TransportRequest = { method: "POST", url: "/", headers: {}, body, signal: never, onSent: () => {} };
  const patience = {
    stallMs: 30_000,
    answerMs: 120_000,
    clock,
    ...bodyMs !== undefined && { bodyMs },
    ...look !== undefined && { look },
  };
  const begun = clock.now();
  const result = clock.run(sendWatched(transport, request, patience));
  await Promise.resolve();
  return { clock, begun, result };
}

const never = new AbortController().signal;

Deno.test("sendWatched() aborts a body that stands still for 30 seconds, counted from its last byte", async () => {
  const { clock, begun, result } = await watch([[20_000, 10], [25_000, 20]]);
  await assertRejects(() => result, Stalled);
  assertEquals(clock.now() - begun, 75_000);
});

Deno.test("sendWatched() takes no progress event without progress for a move", async () => {
  const { clock, begun, result } = await watch([[10_000, 10], [10_000, 10], [10_000, 10], [10_000, 10]]);
  await assertRejects(() => result, Stalled);
  assertEquals(clock.now() - begun, 40_000);
});

Deno.test("sendWatched() waits 120 seconds for the answer after the last byte", async () => {
  const late = await watch([[1000, BYTES]], { answerAfterMs: 119_000 });
  assertEquals(await late.result, ANSWER);
  const { clock, begun, result } = await watch([[1000, BYTES]]);
  await assertRejects(() => result, Stalled);
  assertEquals(clock.now() - begun, 121_000);
});

Deno.test("sendWatched() waits as long for the answer to an empty body", async () => {
  const { result } = await watch([], { answerAfterMs: 119_000, body: new Blob([]) });
  assertEquals(await result, ANSWER);
});

Deno.test("sendWatched() cuts a body that moves but takes too long, and no body that has left", async () => {
  const moves = Array.from({ length: 10 }, (_, i) => [10_000, i + 1] as const);
  const { clock, begun, result } = await watch(moves, { bodyMs: 50_000 });
  await assertRejects(() => result, TooSlow);
  assertEquals(clock.now() - begun, 50_000);
  const whole = await watch([[40_000, BYTES]], { bodyMs: 50_000, answerAfterMs: 60_000 });
  await assertRejects(() => whole.result, Stalled);
  const inTime = await watch([[20_000, BYTES]], { bodyMs: 50_000, answerAfterMs: 60_000 });
  assertEquals(await inTime.result, ANSWER);
});

Deno.test("sendWatched() looks at a body that stands still for 3 seconds, and ends with what it finds", async () => {
  const gone = new Error("The file is gone");
  const { clock, begun, result } = await watch([[2000, 10], [2000, 20], [20_000, 30]], {
    look: () => Promise.reject(gone),
  });
  const error = await result.catch((reason) => reason);
  assertEquals([error, clock.now() - begun], [gone, 7000]);
});

Deno.test("sendWatched() looks once each time that a body stands still, and never at one that has left", async () => {
  let looks = 0;
  const look = () => Promise.resolve(void looks++);
  const still = await watch([[2000, 10], [9000, 20], [2000, 30], [9000, BYTES]], { look });
  await assertRejects(() => still.result, Stalled);
  assertEquals(looks, 2);
});

Deno.test("sendWatched() passes nothing on that a request tells after its end", async () => {
  const clock = new VirtualClock();
  const told: number[] = [];
  let tell: ((bytes: number) => void) | undefined;
  await sendWatched(
    ({ onSent }) => {
      tell = onSent;
      onSent?.(5);
      return Promise.resolve(ANSWER);
    },
    { method: "POST", url: "/", headers: {}, body: new Blob(["12345"]), signal: never, onSent: (n) => told.push(n) },
    { stallMs: 30_000, answerMs: 120_000, clock },
  );
  tell?.(3);
  assertEquals(told, [5]);
});
