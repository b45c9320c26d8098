/**
 * Pawl inside another program: a resumable upload server with its page, below a path of your own.
 *
 * ```ts ignore
 * import { createPawl } from "./pawl/mod.ts";
 *
 * await using pawl = await createPawl({ data: "uploads", basePath: "/files-in" });
 * await Deno.serve({ port: 8000 }, pawl.fetch).finished;
 * ```
 *
 * docs/embedding.md has an example that signs people in and hears of finished files.
 *
 * @module
 */
export { createPawl, type EmbeddedPawl, type PawlOptions } from "./server/embed.ts";
export type { IdentifySender, Identity } from "./server/access/identity.ts";
export { ConfigError } from "./server/config/config_error.ts";
export type { OptionValues } from "./server/config/embedded.ts";
export type { EventType } from "./server/config/hook_values.ts";
export type { UploadListener } from "./server/hooks/listener.ts";
export type { EventData, EventMessage } from "./server/hooks/message.ts";
export type { Log } from "./server/log.ts";
export type { UploadFacts } from "./server/model/event.ts";
export type { Right, Rights } from "./server/model/rights.ts";
