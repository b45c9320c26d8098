import { openTusWire, type TusWire } from "./tus_wire.ts";

/** The rules of the standard by section, each with the test that shows it. */
export type Table = Record<string, (wire: TusWire) => Promise<void>>;

/** A test of one section, with a step for each thing that it says. */
export function conformance(section: string, table: Table): void {
  Deno.test(`tus 1.0.0, ${section}`, async (test) => {
    await using wire = await openTusWire({ maxBytes: 5000 });
    for (const [says, shows] of Object.entries(table)) await test.step(says, () => shows(wire));
  });
}
