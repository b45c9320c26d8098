import type { KeyPair } from "./key_pair.ts";

/** How long before its end a certificate is worth a warning. Programs that renew certificates do so earlier. */
const SOON_MS = 14 * 86_400_000;

const DAY_MS = 86_400_000;

/** Says in one line what is wrong with the time of a certificate, `now` in milliseconds; `undefined` when nothing is. */
export function troubleOf({ validFrom, expiresAt }: KeyPair, now: number): string | undefined {
  if (now < validFrom) {
    return `The certificate counts from ${
      dayOf(validFrom)
    } on only, so clients refuse it: is the clock of this machine right?`;
  }
  if (now >= expiresAt) return `The certificate expired on ${dayOf(expiresAt)}, so clients refuse it: renew it`;
  if (now < expiresAt - SOON_MS) return undefined;
  const days = Math.ceil((expiresAt - now) / DAY_MS);
  return `The certificate expires on ${dayOf(expiresAt)}, in ${days} ${days === 1 ? "day" : "days"}: renew it`;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
