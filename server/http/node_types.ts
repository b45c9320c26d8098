import type { Server, ServerResponse } from "node:http";
import type { Server as SecureServer } from "node:https";
import type { NodeMessage } from "./node_message.ts";

/** The response of `node:http`, with a method that its types do not have. */
export type Answering = ServerResponse & {
  /** Sends an interim response. Throws behind the final head, and for a value that no header can have. */
  writeInformation(status: number, headers: Readonly<Record<string, string>>): void;
};

/** A request that is answered, as `node:http` has it. */
export interface Exchanged {
  readonly message: NodeMessage;
  readonly answering: Answering;
}

/** A server of `node:http` or `node:https`. */
export type NodeServer = Server | SecureServer;
