import { UploadError } from "../errors.ts";

/** The client's address of a request, and the moment when its answer is sent, from `Deno.serve`. */
export interface Connection {
  readonly remoteAddr: Deno.Addr;
  readonly completed: Promise<void>;
}

/** Counts the requests under way by client address. */
export interface Admission {
  /** Counts a request until it is completed. Throws `too-many` when its address has too many under way. */
  admit(connection: Connection): void;
}

/** This machine's own addresses. They are not counted, because all clients behind a proxy on this machine have one. */
const OWN = /^(?:127\.|::1$|::ffff:127\.)/;

/** Makes the counter for at most `maxPerAddress` requests of one address at a time. */
export function createAdmission({ maxPerAddress }: { maxPerAddress: number }): Admission {
  const underWay = new Map<string, number>();
  return {
    admit({ remoteAddr, completed }) {
      if (!("hostname" in remoteAddr) || OWN.test(remoteAddr.hostname)) return;
      const { hostname } = remoteAddr;
      const count = underWay.get(hostname) ?? 0;
      if (count >= maxPerAddress) {
        throw new UploadError("too-many", "Too many requests from your address at a time: wait for some to end");
      }
      underWay.set(hostname, count + 1);
      const release = () => {
        const others = (underWay.get(hostname) ?? 1) - 1;
        if (others === 0) underWay.delete(hostname);
        else underWay.set(hostname, others);
      };
      completed.then(release, release);
    },
  };
}
