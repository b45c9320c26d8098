import { type App, type AppDeps, createApp } from "../http/app.ts";
import { NOBODY } from "../model/visitor.ts";
import { type OperationsHandlers, operationsRoutes } from "./routes.ts";

/** The dependencies of {@linkcode createAdminApp}. */
export interface AdminAppDeps extends Pick<AppDeps, "gate" | "admission" | "senderOf" | "meter" | "log"> {
  readonly operations: OperationsHandlers;
}

/**
 * Makes the app of the second listener: it serves health and metrics to everybody who reaches it, and nothing else. It
 * answers to the same hosts as the other one, because a page of any site can be led here by a name of its own.
 */
export function createAdminApp({ operations, ...deps }: AdminAppDeps): App {
  return createApp({
    ...deps,
    routes: operationsRoutes(operations, () => "nothing"),
    pages: { serve: () => Promise.resolve(undefined) },
    identify: () => Promise.resolve(NOBODY),
    cors: () => ({}),
  });
}
