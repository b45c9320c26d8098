import fc from "fast-check";

/** One sequence: several clients, and the steps that they and the server take in turn. */
export interface Sequence {
  readonly clients: readonly ClientPlan[];
  readonly commands: readonly Step[];
}

/** A command, and the number from which it follows to which instance each of its requests goes. */
export type Step = Command & { readonly draw: number };

export interface ClientPlan {
  /** It begins its uploads by tus, and speaks nothing else. */
  readonly byTus: boolean;
  /** It shares its file's name with the other clients that share theirs. */
  readonly sharesName: boolean;
  /** The sizes of its files, one after the other: a client that starts over may send another file. */
  readonly sizes: readonly number[];
}

export type Command =
  | { readonly kind: "terminate"; readonly client: number }
  | { readonly kind: "status"; readonly client: number; readonly byTus: boolean; readonly which: number }
  /** One of the requests that hang sends its rest. */
  | { readonly kind: "go on"; readonly client: number }
  /** `which` among all the addresses that the client was told, 0 to 1. */
  | { readonly kind: "remove"; readonly client: number; readonly byTus: boolean; readonly which: number }
  | { readonly kind: "send"; readonly client: number; readonly plan: SendPlan }
  | { readonly kind: "break"; readonly client: number; readonly plan: SendPlan; readonly fault: Fault }
  | { readonly kind: "two at once"; readonly clients: readonly [number, number]; readonly plans: [SendPlan, SendPlan] }
  /** `later`: more than half of the time passes after which an unfinished upload expires; `expire`: all of it. */
  | { readonly kind: "restart" | "later" | "expire" };

/** A request to send, in words that the state of its upload gives numbers to. */
export interface SendPlan {
  /** By tus, if the client knows an address; `over` then means any address that it was told. */
  readonly byTus: boolean;
  /** By the IETF's protocol, where it would be by tus. */
  readonly byIetf: boolean;
  /** In a form, by the simple protocol. */
  readonly inForm: boolean;
  /** `ahead` means `on`, or `over` with another file where the upload is finished. */
  readonly where: "on" | "over" | "elsewhere" | "ahead";
  /** Starting over, it sends another file. */
  readonly another: boolean;
  readonly bytes: "rest" | "part" | "none" | "too many";
  /** Which part, 0 to 1. */
  readonly part: number;
  readonly size: "none" | "right" | "wrong" | "huge";
  readonly chunked: boolean;
  readonly bodyDigest: "none" | "right" | "wrong";
  readonly fileDigest: "none" | "right" | "wrong";
}

/** How a request breaks off after a part of its body (0 to 1). */
export interface Fault {
  readonly how: "closed" | "half-closed" | "reset" | "hangs" | "server killed";
  readonly sent: number;
  readonly afterMs: number;
}

const part = fc.nat({ max: 1000 }).map((thousandths) => thousandths / 1000);
/** Mostly the last of the addresses. */
const address = fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: part });
const byTus = weighted({ "": 3, "tus": 2 }).map(Boolean);
/** Most happens to one of them: what is rare comes of many things that meet in one upload. */
const client = fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2);

/** The size of a file, which is seldom so long. */
const sizeUpTo = (longest: number) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(0, 1, 2) },
    { weight: 5, arbitrary: fc.integer({ min: 3, max: 3000 }) },
    { weight: 8, arbitrary: fc.integer({ min: 3000, max: 200 * 1024 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1_000_000, max: longest }) },
  );

const plan: fc.Arbitrary<SendPlan> = fc.record({
  byTus,
  byIetf: fc.boolean(),
  inForm: weighted({ "": 3, "form": 1 }).map(Boolean),
  where: weighted<Exclude<SendPlan["where"], "ahead">>({ on: 7, over: 2, elsewhere: 1 }),
  another: fc.boolean(),
  bytes: weighted<SendPlan["bytes"]>({ part: 8, rest: 3, none: 1, "too many": 1 }),
  part,
  size: weighted<SendPlan["size"]>({ right: 8, none: 4, wrong: 1, huge: 0.2 }),
  chunked: weighted({ "": 2, "chunked": 1 }).map(Boolean),
  bodyDigest: weighted<SendPlan["bodyDigest"]>({ none: 6, right: 2, wrong: 1 }),
  fileDigest: weighted<SendPlan["fileDigest"]>({ none: 6, right: 2, wrong: 1 }),
});

const fault: fc.Arbitrary<Fault> = fc.record({
  how: weighted<Fault["how"]>({ "closed": 3, "half-closed": 2, "reset": 2, "hangs": 4, "server killed": 3 }),
  sent: fc.oneof(part, fc.constant(1)),
  afterMs: fc.nat({ max: 12 }),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("send"), client, plan }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("break"), client, plan, fault }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("two at once"),
      clients: fc.oneof(client.map((one): [number, number] => [one, one]), fc.tuple(client, client)),
      plans: fc.oneof(plan.map((one): [SendPlan, SendPlan] => [one, one]), fc.tuple(plan, plan)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("status"), client, byTus, which: address }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("go on"), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("terminate"), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove"), client, byTus, which: part }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("later") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("expire", "restart") }) },
);

/** One request hangs, and the next to the same upload speaks the other protocol. */
const meeting: fc.Arbitrary<Command[]> = fc.record({
  client,
  plan,
  sent: part,
  next: fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("send"), plan }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("status"), which: fc.constant(1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove"), which: fc.constant(1) }) },
  ),
}).map(({ client, plan, sent, next }) => {
  const byTus = !plan.byTus;
  const accepted: SendPlan = { ...plan, where: "on", bytes: "rest", size: "right" };
  return [
    { kind: "break", client, plan: accepted, fault: { how: "hangs", sent, afterMs: 0 } },
    next.kind === "send" ? { ...next, client, plan: { ...next.plan, byTus } } : { ...next, client, byTus },
  ];
});

/** A request is sure to hold an upload with bytes in it, and hangs; the next one mostly goes to another instance. */
const held: fc.Arbitrary<Command[]> = fc.record({
  client,
  plans: fc.tuple(plan, plan),
  sent: fc.integer({ min: 100, max: 1000 }).map((thousandths) => thousandths / 1000),
  next: fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("status"), byTus, which: fc.constant(1) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("send"), plan }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove"), byTus, which: fc.constant(1) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("expire") }) },
  ),
}).map(({ client, plans: [begin, plan], sent, next }) => {
  const begun: SendPlan = { ...begin, where: "ahead", bytes: "part", size: "right", bodyDigest: "none" };
  const accepted: SendPlan = { ...plan, where: "on", bytes: "rest", size: "right" };
  return [
    { kind: "send", client, plan: begun },
    { kind: "break", client, plan: accepted, fault: { how: "hangs", sent, afterMs: 0 } },
    next.kind === "expire" ? next : { ...next, client },
    { kind: "go on", client: 0 },
  ];
});

/**
 * Each sequence goes without some of these, apart from those that are to meet: of fewer kinds of commands more meet that
 * are rare together.
 */
const OPTIONAL: readonly Command["kind"][] = [
  "break",
  "two at once",
  "status",
  "go on",
  "terminate",
  "remove",
  "later",
  "expire",
  "restart",
];

export interface SequenceOptions {
  /** The size of the longest file in bytes; 4 000 000 by default. */
  readonly longest?: number;
  /** How often the next request meets one that is sure to hold the upload, beside 37 other commands; never by default. */
  readonly held?: number;
}

/** Sequences of up to 25 commands with three clients. */
export const sequencesOf = (
  { longest = 4_000_000, held: heldWeight = 0 }: SequenceOptions,
): fc.Arbitrary<Sequence> =>
  fc.record({
    clients: fc.array(
      fc.record({
        byTus: weighted({ "": 3, "tus": 1 }).map(Boolean),
        sharesName: fc.boolean(),
        sizes: fc.array(sizeUpTo(longest), { minLength: 3, maxLength: 3 }),
      }),
      { minLength: 3, maxLength: 3 },
    ),
    without: fc.subarray([...OPTIONAL]),
    commands: fc.array(
      fc.tuple(
        fc.oneof(
          { weight: 35, arbitrary: command.map((one) => [one]) },
          { weight: 2, arbitrary: meeting },
          { weight: heldWeight, arbitrary: held },
        ),
        fc.nat({ max: 1000 }),
      ),
      { minLength: 1, maxLength: 25, size: "max" },
    ),
  }).map(({ clients, without, commands }) => ({
    clients,
    commands: commands
      .filter(([[first, ...others]]) => others.length > 0 || !without.includes(first!.kind))
      .flatMap(([some, draw]): Step[] => some.map((command, index) => ({ ...command, draw: draw + index }))),
  }));

/** One of the keys, as often as its weight says; the first is the simplest. */
function weighted<T extends string>(weights: Record<T, number>): fc.Arbitrary<T> {
  const choices = (Object.entries(weights) as [T, number][]).map(([value, weight]) => ({
    weight: Math.max(1, Math.round(weight * 5)),
    arbitrary: fc.constant(value),
  }));
  return fc.oneof(...choices);
}
