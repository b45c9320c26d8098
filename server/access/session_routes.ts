import { STATUS_CODE } from "@std/http/status";
import { UploadError } from "../errors.ts";
import type { Handler } from "../http/route.ts";
import { unauthorized } from "../http/refusals.ts";
import { jsonAnswer } from "../http/whole_answers.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { KnownTokens } from "./known_tokens.ts";
import { credentialsIn } from "./secret.ts";
import type { SmallBodies } from "./small_bodies.ts";
import { newSession, setCookie, writeSession } from "./sessions.ts";
import type { Visitor } from "../model/visitor.ts";

/** The longest body of a sign-in, in bytes. */
const MAX_BODY = 4096;

const EXAMPLE = '{"token": "TOKEN"}';

/** The handlers of `/api/session`. */
export interface SessionHandlers {
  /** `GET`: answers with who the visitor is, and with the visitor's rights. */
  readonly who: Handler;
  /** `POST`: trades a token for a cookie. */
  readonly signIn: Handler;
  /**
   * `DELETE`: ends the session, and takes the cookie away. Throws `forbidden` for the cookie of a session in a request
   * that is not of an own page: it would end nothing.
   */
  readonly signOut: Handler;
}

/** Makes the handlers of sessions. `now` is the machine's clock, in milliseconds since 1970. */
export function createSessionHandlers(
  { gatekeeper, tokens, bodies, sessionKey, basePath, above, now }: {
    gatekeeper: Gatekeeper;
    tokens: KnownTokens;
    bodies: SmallBodies;
    sessionKey: Uint8Array;
    /** The server's base path, for which the cookie is. */
    basePath: string;
    /** The path that clients see there. */
    above: string;
    now: () => number;
  },
): SessionHandlers {
  return {
    who: (_request, _id, visitor) => Promise.resolve(answer(visitor)),

    async signIn(request, _id, _visitor, sender) {
      const token = await gatekeeper.tokenOf(await secretOf(request, bodies), sender);
      const session = newSession(token.hash, now(), token.expiresAt);
      const seconds = Math.floor((session.expiresAt - now()) / 1000);
      return answer(
        gatekeeper.visitorOf(token, "session"),
        { expiresAt: new Date(session.expiresAt).toISOString() },
        setCookie(writeSession(session, sessionKey), seconds, { isHttps: sender.isHttps, basePath, above }),
      );
    },

    async signOut(request, _id, _visitor, sender) {
      const found = await gatekeeper.sessionOf(request, sender, "own");
      if (found !== undefined) {
        gatekeeper.checkOwnPage(request, sender);
        await tokens.endSession(found.session.id, found.session.expiresAt);
      }
      return new Response(null, {
        status: STATUS_CODE.NoContent,
        headers: {
          "Cache-Control": "no-store",
          "Set-Cookie": setCookie("", 0, { isHttps: sender.isHttps, basePath, above }),
        },
      });
    },
  };
}

function answer({ kind, name, rights }: Visitor, more: Record<string, unknown> = {}, cookie?: string): Response {
  return jsonAnswer({ kind, name, rights, ...more }, {
    headers: { "Cache-Control": "no-store", ...cookie !== undefined && { "Set-Cookie": cookie } },
  });
}

/** The secret of a sign-in: from `Authorization`, or else the `token` of a JSON body. */
async function secretOf(request: Request, bodies: SmallBodies): Promise<string> {
  const authorization = request.headers.get("authorization");
  if (authorization !== null) {
    const secret = credentialsIn(authorization)?.secret;
    if (secret !== undefined) return secret;
    throw unauthorized("Send the token as Authorization: Bearer TOKEN");
  }
  const body = await bodies.json(request, { maxBytes: MAX_BODY, example: EXAMPLE });
  const isObject = typeof body === "object" && body !== null && "token" in body;
  if (isObject && typeof body.token === "string") return body.token;
  throw new UploadError("bad-request", `The body must be JSON: ${EXAMPLE}`);
}
