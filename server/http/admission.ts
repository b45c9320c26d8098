import type { Drainer } from "./drain.ts";
import type { SendInterim } from "./interim.ts";
import { UploadError } from "../errors.ts";
import { isOwnAddress } from "../networks.ts";

/** The client's address of a request, and the moment when its answer is sent, from the listener. */
export interface Connection {
  readonly remoteAddr: Deno.Addr;
  readonly completed: Promise<void>;
  /** Absent where no interim response may be sent: the listener cannot, or the client does not understand one. */
  readonly sendInterim?: SendInterim | undefined;
  /** Absent where the app drains the body itself. */
  readonly drainer?: Drainer;
}

/** Counts the requests under way by client address. */
export interface Admission {
  /**
   * Counts a request of a client's address until it is completed. This machine's own addresses are not counted, so that
   * `completed`, which may be made when it is first asked for, is not asked for. Throws `too-many` when the address has
   * too many under way.
   */
  admit(address: string | undefined, connection: Pick<Connection, "completed">): void;
}

/** Makes the counter for at most `limits.maxPerAddress` requests of one address at a time, which may change. */
export function createAdmission(limits: { readonly maxPerAddress: number }): Admission {
  const underWay = new Map<string, number>();
  return {
    admit(address, connection) {
      if (address === undefined || isOwnAddress(address)) return;
      const count = underWay.get(address) ?? 0;
      if (count >= limits.maxPerAddress) {
        throw new UploadError("too-many", "Too many requests from your address at a time: wait for some to end");
      }
      underWay.set(address, count + 1);
      const release = () => {
        const others = (underWay.get(address) ?? 1) - 1;
        if (others === 0) underWay.delete(address);
        else underWay.set(address, others);
      };
      connection.completed.then(release, release);
    },
  };
}
