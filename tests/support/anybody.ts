import type { AppDeps } from "../../server/http/app.ts";
import { ANYBODY } from "../../server/model/visitor.ts";
import type { Protocols } from "../../server/routes.ts";
import type { SessionHandlers } from "../../server/access/session_routes.ts";

/** What an app needs to let everybody in, and to know nobody's address. */
export const ANYBODY_IN: Pick<AppDeps, "senderOf" | "identify"> = {
  senderOf: () => ({ address: undefined, isProxied: false, isHttps: false }),
  identify: () => Promise.resolve(ANYBODY),
};

/** The handlers of sessions where nobody signs in. */
export const NO_SESSIONS: SessionHandlers = { who: unused, signIn: unused, signOut: unused };

/** The handlers of links where nobody has any. */
export const NO_LINKS: Pick<Protocols, "links" | "uploadLinks" | "downloadLinks"> = {
  links: { list: unused, create: unused, remove: unused },
  uploadLinks: { page: unused, about: unused },
  downloadLinks: { send: unused, open: unused },
};

/** The handlers of health and metrics where nobody asks for them. */
export const NO_OPERATIONS: Pick<Protocols, "operations" | "hasOpenMetrics"> = {
  operations: { alive: unused, ready: unused, metrics: unused },
  hasOpenMetrics: () => false,
};

function unused(): Promise<never> {
  throw new Error("Nobody signs in here");
}
