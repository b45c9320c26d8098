import { assertEquals } from "@std/assert";
import { problem } from "../../../client/protocol/problem.ts";
import type { Reply } from "../../../client/protocol/requests.ts";
import { refusal, tooLarge } from "../../../client/protocol/upload_error.ts";
import { firstState, nextStep, type RunState, type SentBytes, type Step } from "../../../client/upload/next_step.ts";

const SENT: SentBytes = { start: 100, bytes: 50, departed: 40 };
const EARLIER: SentBytes = { start: 60, bytes: 40, departed: 40 };
const held = (offset: number): Reply["meaning"] => ({ kind: "held", offset });
const retry = (code: "busy" | "damaged" | "not-kept", retryAfterMs?: number): Reply["meaning"] => ({
  kind: "retry",
  problem: problem(code),
  ...retryAfterMs !== undefined && { retryAfterMs },
});
const state = (changes: Partial<RunState> = {}): RunState => ({ ...firstState(100), furthest: 100, ...changes });

/** A step in one line. */
function tell(step: Step): string {
  switch (step.kind) {
    case "wait":
      return `wait, ${step.problem.code}${step.retryAfterMs === undefined ? "" : ` ${step.retryAfterMs}`}`;
    case "failed":
    case "signed-out":
    case "too-much":
      return `${step.kind}, ${step.error.code}`;
    default:
      return step.kind;
  }
}

interface Case {
  before?: Partial<RunState>;
  meaning: Reply["meaning"];
  /** Default: {@linkcode SENT}; `null` for a question. */
  sent?: null;
  tries?: number;
  step: string;
  after?: Partial<RunState>;
}

const TABLE: Record<string, Case> = {
  "the server has the whole file": { meaning: { kind: "complete" }, step: "complete" },
  "it refuses": { meaning: { kind: "failed", error: tooLarge(9) }, step: "failed, too-large" },
  "a body is too large on the way": { meaning: { kind: "too-much", error: tooLarge(9) }, step: "too-much, too-large" },
  "all bytes have arrived": {
    before: { failures: 3, damages: 2 },
    meaning: held(150),
    step: "go-on",
    after: { offset: 150, furthest: 150, failures: 0, damages: 0 },
  },
  "a part has arrived": { meaning: held(120), step: "go-on", after: { offset: 120, furthest: 120 } },
  "a question is answered": {
    before: { offset: undefined, failures: 2, unclear: EARLIER },
    meaning: held(100),
    sent: null,
    step: "go-on",
    after: { offset: 100, failures: 2, unclear: undefined },
  },
  "nothing was kept, once": { meaning: held(100), step: "go-on", after: { offset: 100, failures: 1 } },
  "nothing was kept, twice": {
    before: { failures: 1 },
    meaning: held(100),
    step: "wait, not-kept",
    after: { offset: 100, failures: 2 },
  },
  "the server lost what it had": { meaning: held(7), step: "go-on", after: { offset: 7, furthest: 100, failures: 1 } },
  "less than the most is no gain": {
    before: { offset: 7, failures: 1 },
    meaning: held(101),
    step: "go-on",
    after: { offset: 101, furthest: 101, failures: 0 },
  },
  "the answer has no count": {
    meaning: retry("not-kept"),
    step: "go-on",
    after: { offset: undefined, failures: 1, unclear: SENT },
  },
  "a slow body was cut": { meaning: { kind: "cut" }, step: "go-on", after: { offset: undefined, unclear: SENT } },
  "the server is busy": {
    meaning: retry("busy", 7),
    step: "wait, busy 7",
    after: { offset: undefined, failures: 1, unclear: SENT },
  },
  "the server is busy when it is asked": {
    before: { offset: undefined, unclear: EARLIER, failures: 1 },
    meaning: retry("busy"),
    sent: null,
    step: "wait, busy",
    after: { offset: undefined, failures: 2, unclear: EARLIER },
  },
  "bytes were damaged": {
    before: { unclear: EARLIER },
    meaning: retry("damaged"),
    step: "wait, damaged",
    after: { offset: undefined, failures: 1, damages: 1, unclear: undefined },
  },
  "bytes were damaged five times in a row": {
    before: { failures: 4, damages: 4 },
    meaning: retry("damaged"),
    step: "failed, damaged",
    after: { offset: undefined, failures: 5, damages: 5 },
  },
  "the server wants a sign-in": {
    meaning: { kind: "signed-out", error: refusal(401, "") },
    step: "signed-out, signed-out",
    after: { offset: undefined, failures: 1, unclear: SENT },
  },
  "sign-ins were of no use": {
    before: { failures: 2 },
    meaning: { kind: "signed-out", error: refusal(401, "") },
    tries: 3,
    step: "failed, signed-out",
    after: { offset: undefined, failures: 3, unclear: SENT },
  },
  "the tries are used up": {
    before: { failures: 2 },
    meaning: retry("busy"),
    tries: 3,
    step: "failed, no-progress",
    after: { offset: undefined, failures: 3, unclear: SENT },
  },
};

for (const [name, { before, meaning, sent = SENT, tries = Infinity, step, after }] of Object.entries(TABLE)) {
  Deno.test(`nextStep() knows what follows when ${name}`, () => {
    const next = nextStep(state(before), { meaning }, { sent: sent ?? undefined, tries });
    assertEquals(tell(next.step), step);
    assertEquals(next.state, state({ ...before, ...after }));
  });
}
