import type { Tracer } from "@opentelemetry/api";
import type { IdentifySender } from "./access/identity.ts";
import type { Config } from "./config/config.ts";
import type { UploadListener } from "./hooks/listener.ts";
import type { LogEvent } from "./log_lines.ts";
import type { Log } from "./log.ts";
import type { Storage, StorageDeps } from "./open_storage.ts";
import type { Pages } from "./page/pages.ts";
import type { Lend } from "./storage/disk/descriptors.ts";
import type { Limits } from "./uploads/engine_deps.ts";

/** Everything that Pawl needs besides its configuration. */
export interface Surroundings {
  readonly log: Log;
  /** Takes an event for each request, while `accessLog` of the configuration is true. By default nobody takes them. */
  readonly takeAccess?: (event: LogEvent) => void;
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The monotonic clock, in milliseconds. By default it begins with the process. */
  readonly monotonic?: () => number;
  /** The longest time between two looks at that clock in which the process surely did not stand still. */
  readonly longestStepMs?: number;
  /** Limits that override those of the configuration. */
  readonly limits?: Partial<Limits>;
  /** Opens a file for a running request, with a spare descriptor if no other is free. By default there are none. */
  readonly lend?: Lend;
  /** Aborts when the start is given up, which may wait for a database or a bucket. By default it never is. */
  readonly giveUp?: AbortSignal;
  /** Called when the start has to wait for one of them. By default nobody is told but the log. */
  readonly waits?: StorageDeps["waits"];
  /** Tells who sends a request, before anything else is looked at. By default nobody does. */
  readonly identify?: IdentifySender;
  /** The functions that hear of events, by their names. By default there are none. */
  readonly listeners?: Readonly<Record<string, UploadListener>>;
  /** When the certificate for HTTPS expires, in milliseconds since 1970. Absent without HTTPS. */
  readonly certificateExpiresAt?: () => number;
  /** The page and the client library. By default those in `root`, as they are now. */
  readonly pages?: Pages;
  /** Opens the place where everything is kept. By default it is the data folder, or what the configuration names. */
  readonly openStorage?: (config: Config, deps: StorageDeps) => Promise<Storage>;
  /** Makes the spans of what takes long. By default nobody traces requests. */
  readonly tracer?: Tracer;
}
