/** Where a sender's secret goes. */
type By = "nothing" | "bearer" | "basic" | "link" | "cookie" | "user";

/** Who sends a hostile request. */
export interface HostileSender {
  readonly by: By;
  /** The name of the secret; {@linkcode By} says where it goes. */
  readonly secret: string;
  /** Headers that this sender cannot choose. */
  readonly headers?: Readonly<Record<string, string>>;
  /** True for one that may see Anna's files, or is told the secret of a link to one. */
  readonly readsAnnas?: true;
  /** True for one that may change what is Anna's: it is told none of her ids. */
  readonly mayChangeAnnas?: true;
}

const OWN_PAGE = { "Sec-Fetch-Site": "same-origin" };
const OTHER_PAGE = { "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example" };

/** All that may be sent by somebody who must not change what is Anna's, and by an admin who does not know of it. */
export const SENDERS = {
  "nobody": { by: "nothing", secret: "" },
  "bob": { by: "bearer", secret: "bob" },
  "bob, by Basic": { by: "basic", secret: "bob" },
  "bob's reader": { by: "bearer", secret: "bob reads" },
  "bob's uploader": { by: "bearer", secret: "bob uploads" },
  "bob's session": { by: "cookie", secret: "bob's session", headers: OWN_PAGE },
  "bob's session, no page": { by: "cookie", secret: "bob's session" },
  "a visitor of bob's upload link": { by: "link", secret: "bob's upload link" },
  "bob's download link as a token": { by: "bearer", secret: "bob's download link" },
  "an expired token of Anna's": { by: "bearer", secret: "expired" },
  "a removed token of Anna's": { by: "bearer", secret: "removed" },
  "Anna's reader": { by: "bearer", secret: "anna reads", readsAnnas: true },
  "Anna's session in another site's page": {
    by: "cookie",
    secret: "anna's session",
    headers: OTHER_PAGE,
    readsAnnas: true,
  },
  "a visitor of Anna's upload link": { by: "link", secret: "anna's upload link" },
  "Anna's download link as a token": { by: "bearer", secret: "anna's download link", readsAnnas: true },
  "a proxy's user": { by: "user", secret: "the user mallory" },
  "a proxy's user of Anna's name": { by: "user", secret: "the user anna" },
  "an admin": { by: "bearer", secret: "boss", readsAnnas: true, mayChangeAnnas: true },
  "an admin's session": {
    by: "cookie",
    secret: "boss's session",
    headers: OWN_PAGE,
    readsAnnas: true,
    mayChangeAnnas: true,
  },
} as const satisfies Record<string, HostileSender>;

export type SenderName = keyof typeof SENDERS;

/** The headers by which a sender is known. */
export function headersOf({ by, headers }: HostileSender, secret: string): [name: string, value: string][] {
  return [...own(by, secret), ...Object.entries(headers ?? {})];
}

function own(by: By, secret: string): [name: string, value: string][] {
  switch (by) {
    case "nothing":
      return [];
    case "bearer":
      return [["Authorization", `Bearer ${secret}`]];
    case "basic":
      return [["Authorization", `Basic ${btoa(`bob:${secret}`)}`]];
    case "link":
      return [["Authorization", `Basic ${btoa(`${"v".repeat(22)}:${secret}`)}`]];
    case "cookie":
      return [["Cookie", secret]];
    case "user":
      return [["Remote-User", secret]];
  }
}
