import { assertEquals } from "@std/assert";
import { EVENT_TYPES } from "../../../server/config/hook_values.ts";
import { createListenerHook, type UploadListener } from "../../../server/hooks/listener.ts";

const EVENT = { id: "1", type: "upload.created", at: 0, upload: { id: "u", owner: "o", createdAt: 0 } } as const;

const hookOf = (listener: UploadListener, timeoutMs = 60_000) =>
  createListenerHook({ name: "n", listener, types: new Set(EVENT_TYPES), publicUrl: "/in", timeoutMs });

Deno.test("a function is told the event of a webhook, and has delivered it when it ends", async () => {
  const heard: unknown[] = [];
  const hook = hookOf((event) => void heard.push(event));
  assertEquals(await hook.deliver(EVENT, new AbortController().signal), { kind: "delivered" });
  const createdAt = "1970-01-01T00:00:00.000Z";
  const data = { id: "u", owner: "o", url: "/in/files/u", createdAt };
  assertEquals(heard, [{ type: "upload.created", timestamp: createdAt, data }]);
});

Deno.test("a function that takes too long, or throws, or runs when the server closes, has not delivered", async () => {
  const never = () => new Promise<void>(() => {});
  const { signal } = new AbortController();
  assertEquals(await hookOf(never, 1).deliver(EVENT, signal), { kind: "failed", problem: "Still ran after 0.001 s" });
  const closing = await hookOf(never).deliver(EVENT, AbortSignal.abort());
  assertEquals(closing, { kind: "failed", problem: "The server closes" });
  const throwing = hookOf(() => {
    throw new Error("a\nb");
  });
  assertEquals(await throwing.deliver(EVENT, signal), { kind: "failed", problem: "a b" });
});

Deno.test("whatever a function throws, the attempt has failed with one line", async () => {
  const { signal } = new AbortController();
  const problemOf = async (thrown: unknown) => {
    const outcome = await hookOf(() => Promise.reject(thrown)).deliver(EVENT, signal);
    return outcome.kind === "failed" ? outcome.problem : outcome.kind;
  };
  assertEquals(await problemOf(Object.create(null)), "It threw something that has no text");
  assertEquals(await problemOf(Symbol("s")), "Symbol(s)");
  assertEquals(await problemOf(undefined), "undefined");
  assertEquals(await problemOf(Object.assign(new Error(), { message: 5 })), "5");
});
