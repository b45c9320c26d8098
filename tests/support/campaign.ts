/** True in `deno task test:long`, and false in `deno task test`, which a newcomer waits for. */
export const IS_LONG = Deno.env.get("PAWL_LONG") === "1";

/** How much a campaign tries: `short` in `deno task test`, and `long` in `deno task test:long`. */
export function extent<T>({ short, long }: { short: T; long: T }): T {
  return IS_LONG ? long : short;
}

/** Of the steps of a scenario, each so many-th is tried: all of them in `deno task test:long`. */
export const EVERY = extent({ short: 16, long: 1 });

/** The first step that is tried: not the same in all scenarios, so that every kind of step is tried in some. */
export function firstStep(scenario: string): number {
  return 1 + scenario.length % EVERY;
}
