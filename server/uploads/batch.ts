import { receive, type Received } from "../receiving/receive.ts";
import { type AppendRequest, receiveOptions } from "./append.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Lease } from "./locks.ts";

/** The things that a file brings along that is sent within a batch. */
export interface WithinBatch {
  /** The lease of the batch. */
  readonly lease: Lease;
  /** True when files of the batch have come before: this one is looked for before it is stored. */
  readonly mayBeThere: boolean;
}

/** The files of one request. */
export interface Batch {
  /** Takes the next bytes of the body, which are valid until the promise resolves. What it throws ends the body. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Called when the body ended. Resolves when every file has ended too. The end is `failed` for what `write` threw,
   * which is the error then.
   */
  end(received: Received): Promise<void>;
}

/** Receives a body that has many files in it, with the timeouts of every body, and brings its bytes to `batch`. */
export async function receiveBatch(
  deps: EngineDeps,
  lease: Lease,
  request: Pick<AppendRequest, "body" | "bodyLength">,
  batch: Batch,
): Promise<void> {
  let length = 0;
  const appender = {
    get length() {
      return length;
    },
    async write(bytes: Uint8Array): Promise<void> {
      await batch.write(bytes);
      length += bytes.length;
    },
  };
  const received = await receive(request.body, appender, {
    ...receiveOptions(deps, lease, { offset: 0, toTheEnd: true, ...request }),
    limit: Infinity,
    onPiece: () => {},
  });
  await batch.end(received);
}
