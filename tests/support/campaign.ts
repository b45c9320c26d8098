/**
 * How much a campaign tries: `short` in `deno task test`, which a newcomer waits for; `long` in `deno task test:long`,
 * which sets `PAWL_LONG=1`.
 */
export function extent({ short, long }: { short: number; long: number }): number {
  return Deno.env.get("PAWL_LONG") === "1" ? long : short;
}
