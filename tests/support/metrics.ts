import { assertEquals } from "@std/assert";
import type { App } from "../../server/http/app.ts";

/** The samples of one look at the metrics, by name and labels as they stand in the text. */
export type Samples = ReadonlyMap<string, number>;

/** The samples in the text format of Prometheus. */
export function samplesIn(text: string): Samples {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, name = "", value] = /^(.+) (\S+)$/.exec(line) ?? [];
    return [name, Number(value)];
  }));
}

/** Asks an app for its metrics. */
export async function samplesOf(app: App): Promise<Samples> {
  const response = await app(new Request("http://localhost/metrics", { headers: { Host: "localhost" } }));
  assertEquals(response.status, 200);
  return samplesIn(await response.text());
}

/** The samples that have grown or shrunk, and by how much. Times, and what the process itself takes, are left out. */
export function changes(before: Samples, after: Samples): Record<string, number> {
  const changed = [...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
    .filter(([name, by]) =>
      by !== 0 && !/^process_|_bucket|_seconds_sum|^pawl_disk_free_bytes|^pawl_heap_bytes|^pawl_http_/.test(name)
    );
  return Object.fromEntries(changed);
}
