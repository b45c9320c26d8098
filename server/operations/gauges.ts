import { cpuUsage } from "node:process";
import type { CheckHealth } from "./health.ts";
import { gauge, lookedUp } from "./instruments.ts";
import type { Registry } from "./registry.ts";

/** The things that are looked up when the metrics are asked for. Each look is short, however many uploads there are. */
export interface Gauges {
  readonly health: CheckHealth;
  /** How many unfinished uploads there are, and how many bytes they have. */
  readonly unfinished: { readonly count: number; readonly bytes: number };
  readonly freeBytes: () => number;
  /** How many bytes of the disk uploads leave free now: the option may change. */
  readonly floorBytes: () => number;
  /** When the certificate for HTTPS expires, in milliseconds since 1970. Absent without HTTPS. */
  readonly certificateExpiresAt?: (() => number) | undefined;
  /** When the process began, in milliseconds since 1970. */
  readonly startedAt: number;
}

/** Defines the metrics that are looked up. `active` tells how many bodies are coming. */
export function defineGauges(
  registry: Registry,
  { health, unfinished, freeBytes, floorBytes, certificateExpiresAt, startedAt, active }: Gauges & {
    readonly active: () => number;
  },
): void {
  gauge(registry, "pawl_ready", "1 if uploads can be taken, as /readyz says, otherwise 0.", async () => {
    return (await health()).length === 0 ? 1 : 0;
  });
  gauge(registry, "pawl_uploads_active", "Request bodies that are coming now.", active);
  gauge(registry, "pawl_uploads_unfinished", "Unfinished uploads.", () => unfinished.count);
  gauge(registry, "pawl_unfinished_bytes", "Bytes that unfinished uploads have, as recorded.", () => unfinished.bytes);
  gauge(registry, "pawl_disk_free_bytes", "Free space on the disk of the data folder.", freeBytes);
  gauge(registry, "pawl_disk_floor_bytes", "Space on that disk that uploads leave free.", floorBytes);
  gauge(registry, "pawl_heap_bytes", "Memory that objects of the program take.", () => Deno.memoryUsage().heapUsed);
  if (certificateExpiresAt !== undefined) {
    gauge(
      registry,
      "pawl_certificate_expiry_timestamp_seconds",
      "When the certificate that new connections get expires, in seconds since 1970.",
      () => certificateExpiresAt() / 1000,
    );
  }
  // These have the names and meanings that all of Prometheus' libraries give them.
  gauge(
    registry,
    "process_start_time_seconds",
    "When the process began, in seconds since 1970.",
    () => startedAt / 1000,
  );
  gauge(registry, "process_resident_memory_bytes", "Memory of the process.", () => Deno.memoryUsage().rss);
  lookedUp(registry, "process_cpu_seconds_total", "Processor time of the process.", () => {
    const { user, system } = cpuUsage();
    return (user + system) / 1e6;
  });
}
