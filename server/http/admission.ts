import { UploadError } from "../errors.ts";

/** Where a request comes from, and when its answer has gone: what `Deno.serve` tells of it. */
export interface Connection {
  readonly remoteAddr: Deno.Addr;
  readonly completed: Promise<void>;
}

/** Counts the requests that are under way, by the address of their client. */
export interface Admission {
  /** Lets a request in until it is completed. Throws `too-many` for one more than its address may have. */
  admit(connection: Connection): void;
}

/** This machine's own addresses are not counted: behind a proxy on it all clients have one. */
const OWN = /^(?:127\.|::1$|::ffff:127\.)/;

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
