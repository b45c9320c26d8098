import type { Drainer } from "./drain.ts";
import type { SendInterim } from "./interim.ts";
import { UploadError } from "../errors.ts";
import { isOwnAddress, networkOf } from "../networks.ts";

/** The client's address of a request, and the moment when its answer is sent, from the listener. */
export interface Connection {
  readonly remoteAddr: Deno.Addr;
  readonly completed: Promise<void>;
  /** Absent where no interim response may be sent: the listener cannot, or the client does not understand one. */
  readonly sendInterim?: SendInterim | undefined;
  /** Absent where the app drains the body itself. */
  readonly drainer?: Drainer;
}

/** Instances tell each other of an address from this part of the limit on, so usual clients are never told of. */
const TOLD_PART = 8;

/** The other instances of this server, and how many requests each of them has of an address. */
export interface Neighbours {
  /** How many requests the others had of an address when they last told, a second ago at most; 0 for few. */
  countOf(address: string): number;
  /** Says how to find out which addresses have many requests here. Called once. */
  serve(busy: () => readonly (readonly [address: string, count: number])[]): void;
}

/** The neighbours of a server that is alone. */
export const NO_NEIGHBOURS: Neighbours = { countOf: () => 0, serve() {} };

/** Counts the requests under way by client address, as far as one client has it for itself: 64 bits of IPv6. */
export interface Admission {
  /**
   * Counts a request of a client's address until it is completed. This machine's own addresses are not counted, so that
   * `completed`, which may be made when it is first asked for, is not asked for. Throws `too-many` when the address has
   * too many under way.
   */
  admit(address: string | undefined, connection: Pick<Connection, "completed">): void;
}

/** The most requests of one address at a time, which may change. */
export interface AdmissionLimits {
  readonly maxPerAddress: number;
}

/**
 * Makes the counter for at most `limits.maxPerAddress` requests of one address at a time. `neighbours` are the other
 * instances of the server, if there are any.
 */
export function createAdmission(limits: AdmissionLimits, neighbours: Neighbours = NO_NEIGHBOURS): Admission {
  const underWay = new Map<string, number>();
  neighbours.serve(() => [...underWay].filter(([, count]) => count >= limits.maxPerAddress / TOLD_PART));
  return {
    admit(address, connection) {
      if (address === undefined || isOwnAddress(address)) return;
      const network = networkOf(address);
      const count = underWay.get(network) ?? 0;
      if (count + neighbours.countOf(network) >= limits.maxPerAddress) {
        throw new UploadError("too-many", "Too many requests from your address at a time: wait for some to end");
      }
      underWay.set(network, count + 1);
      const release = () => {
        const others = (underWay.get(network) ?? 1) - 1;
        if (others === 0) underWay.delete(network);
        else underWay.set(network, others);
      };
      connection.completed.then(release, release);
    },
  };
}
