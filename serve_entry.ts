/**
 * Pawl for `deno serve`: `deno serve -A serve_entry.ts --data uploads`. Its options stand behind the file's name, and the
 * address to listen on before it. docs/embedding.md says what differs from `main.ts`.
 *
 * @module
 */
import { openForDenoServe } from "./server/serve_worker.ts";

const { fetch } = await openForDenoServe();

/** The handler that `deno serve` calls. */
export default { fetch } satisfies Deno.ServeDefaultExport;
