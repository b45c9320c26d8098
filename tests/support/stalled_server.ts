import { main } from "../../main.ts";

// The server as main.ts runs it, on a disk that does not answer from the first flush of a file's bytes on.
Deno.FsFile.prototype.syncData = () => Promise.withResolvers<void>().promise;
await main();
