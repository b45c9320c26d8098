// The server as main.ts runs it, on a machine whose clock is PAWL_TEST_AHEAD_MS ahead.
const aheadMs = Number(Deno.env.get("PAWL_TEST_AHEAD_MS") ?? 0);
const { Date: RightDate } = globalThis;

class ShiftedDate extends RightDate {
  constructor(...args: [] | [number | string | Date]) {
    super(...(args.length === 0 ? [ShiftedDate.now()] : args) as [number]);
  }

  static override now(): number {
    return RightDate.now() + aheadMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
const { main } = await import("../../main.ts");
await main();
