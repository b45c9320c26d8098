import { Webhook } from "standardwebhooks";

/** The secret of the tests' webhooks. */
export const SECRET = `whsec_${btoa("a secret of the tests, long enough")}`;

/** A message that a receiver got, and whose signature its own library has found right. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** A server that hears of events. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** All that came, in the order of the answers. */
  readonly received: readonly Received[];
}

/**
 * Starts a receiver. `answer` gives the answer to a message, by default 204. A message with a wrong signature makes the
 * receiver's library throw, and is answered with 400.
 */
export function startReceiver(
  answer: (message: Received, request: Request) => Response | Promise<Response> = () =>
    new Response(null, { status: 204 }),
): Receiver {
  const received: Received[] = [];
  const webhook = new Webhook(SECRET);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const body = await request.text();
    let message: Omit<Received, "id">;
    try {
      message = webhook.verify(body, Object.fromEntries(request.headers)) as Omit<Received, "id">;
    } catch (error) {
      return new Response(String(error), { status: 400 });
    }
    const whole = { ...message, id: request.headers.get("webhook-id") ?? "" };
    received.push(whole);
    return await answer(whole, request);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/pawl`,
    received,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
