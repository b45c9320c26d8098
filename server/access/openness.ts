import type { TokenStore } from "../storage/token_store.ts";

/** How old the knowledge that there was never a token may be, in milliseconds. */
const LOOK_EVERY_MS = 1000;

/** How a server is reached, and who was named as its visitors. */
export interface OpennessConfig {
  /** The address to listen on. */
  readonly host: string;
  /** True when the server was told to let anybody in. */
  readonly open: boolean;
  /** The header by which a proxy names users; empty for none. */
  readonly userHeader: string;
}

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return /^(?:127\.[\d.]+|::1|localhost)$/i.test(host);
}

/** Tells whether the server lets anybody in. A call looks into memory. */
export type IsOpen = () => boolean;

/**
 * Makes the function that tells whether the server lets anybody in: when it was told to, or when it listens for this
 * machine alone and nobody was ever named as a visitor. The first token, which another process may make, ends that
 * within a second. Removing the last token does not bring it back, because a removal must let nobody in.
 */
export async function createIsOpen(
  { host, open, userHeader }: OpennessConfig,
  { store, hasFixed, monotonic }: { store: TokenStore; hasFixed: boolean; monotonic: () => number },
): Promise<IsOpen> {
  if (open) return () => true;
  if (!isLoopback(host) || hasFixed || userHeader !== "" || await store.hadToken()) return () => false;
  let isOpen = true;
  let lookedAt = monotonic();
  let isLooking = false;
  return () => {
    if (isOpen && !isLooking && monotonic() - lookedAt >= LOOK_EVERY_MS) {
      isLooking = true;
      store.hadToken().then((had) => isOpen = !had, () => {}).finally(() => {
        lookedAt = monotonic();
        isLooking = false;
      });
    }
    return isOpen;
  };
}
