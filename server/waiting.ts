import { STATUS_CODE } from "@std/http/status";
import { UploadError } from "./errors.ts";
import type { App } from "./http/app.ts";
import { leaveBody } from "./http/leave_body.ts";
import { refusal } from "./http/refusals.ts";
import { jsonAnswer } from "./http/whole_answers.ts";
import { isDone } from "./in_time.ts";
import type { Log } from "./log.ts";
import type { Reason } from "./operations/health.ts";
import { HEAD_STATUS } from "./protocols/tus/statuses.ts";
import type { Awaited } from "./storage/until_answered.ts";

/** The reasons why a server that waits is not ready, and how the refusals of its requests are coded. */
const REASONS = {
  database: {
    error: "no-database",
    code: "no-database",
    message: "The server starts, and waits for its database, which gives no answer",
  },
  bucket: {
    error: "no-bucket",
    code: "no-bucket",
    message: "The server starts, and waits for the S3 server that keeps its files, which gives no answer",
  },
} as const satisfies Record<Awaited, Reason & { readonly error: "no-database" | "no-bucket" }>;

/**
 * Makes the app of a server that waits, as it starts, for what it cannot do without. It is alive and not ready, and every
 * request is to be tried again.
 */
export function createWaitingApp(basePath: string, awaited: () => Awaited): App {
  return (request, connection) => {
    const path = new URL(request.url).pathname;
    const { error, code, message } = REASONS[awaited()];
    const response = path === `${basePath}/healthz`
      ? jsonAnswer({ alive: true }, { headers: FRESH })
      : path === `${basePath}/readyz`
      ? jsonAnswer({ ready: false, reasons: [{ code, message }] }, {
        status: STATUS_CODE.ServiceUnavailable,
        headers: FRESH,
      })
      : refusal(new UploadError(error, `${message}: try again in a few seconds`), {
        ...request.method === "HEAD" && { statuses: HEAD_STATUS },
      });
    leaveBody({ request, response, isProxied: false, drainer: connection?.drainer });
    return Promise.resolve(response);
  };
}

/** An answer is true for a moment only. */
const FRESH = { "Cache-Control": "no-store" } as const;

/** How long the requests to a server that waits may take to end, in milliseconds. */
const PATIENCE_MS = 1000;

/** Answers for a server that has to wait, from the moment it does until it can answer by itself. */
export interface WaitingRoom extends AsyncDisposable {
  /** Says that the server waits, and for what. */
  waits(awaited: Awaited): void;
}

/** Opens listeners by `listen` if the server has to wait, and shuts them down when this is disposed of. */
export function createWaitingRoom(
  { basePath, log, listen }: {
    readonly basePath: string;
    readonly log: Log;
    readonly listen: (app: App) => Promise<{ shutdown(): Promise<void> }>;
  },
): WaitingRoom {
  let last: Awaited = "database";
  let opening: Promise<{ shutdown(): Promise<void> } | undefined> | undefined;
  return {
    waits(awaited) {
      last = awaited;
      opening ??= listen(createWaitingApp(basePath, () => last)).catch((error) => {
        log.warning("Nobody can be told that the server waits: {error}", { error });
        return undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      const opened = await opening;
      if (opened !== undefined) await isDone(opened.shutdown(), PATIENCE_MS);
    },
  };
}
