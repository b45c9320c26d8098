import { defined } from "../defined.ts";
import type { LogEvent } from "../log_lines.ts";
import type { Visitor } from "../model/visitor.ts";
import type { Connection } from "./admission.ts";
import { type AnswerFacts, answerFacts } from "./answer_facts.ts";
import type { App } from "./app.ts";
import type { SenderOf } from "./sender.ts";

/** The access log: one event for each request, when its answer was sent, or could not be. */
export interface AccessLog {
  /** Notes who sends a request. */
  identified(request: Request, visitor: Visitor): void;
  /** Notes how many bytes of a request's body were received. */
  received(body: ReadableStream, bytes: number): void;
  /** Makes an app whose requests are logged. */
  around(app: App): App;
}

/** The dependencies of {@linkcode createAccessLog}. */
export interface AccessLogDeps {
  /** False while nothing is to be logged. Nothing is noted then either. */
  readonly isOn: () => boolean;
  readonly take: (event: LogEvent) => void;
  readonly senderOf: SenderOf;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}

/** The facts of a line. The outcome is `unsent` when the client was gone before it had the answer. */
interface Facts extends AnswerFacts {
  /** How many bytes of the body came, and how many the body of the answer has. */
  readonly received: number;
  readonly sent: number;
  readonly owner: string | undefined;
}

/** Makes the access log. */
export function createAccessLog({ isOn, take, senderOf, now, monotonic }: AccessLogDeps): AccessLog {
  const owners = new WeakMap<Request, string>();
  const bytesOf = new WeakMap<ReadableStream, number>();

  /** The facts of an answer, but for how it was sent: Deno closes a request when its answer was sent. */
  function factsOf(request: Request, response: Response): Facts {
    return {
      ...answerFacts(request, response),
      received: request.body === null ? 0 : bytesOf.get(request.body) ?? 0,
      sent: request.method === "HEAD" ? 0 : Number(response.headers.get("content-length") ?? 0),
      owner: owners.get(request),
    };
  }

  async function answered(app: App, request: Request, connection: Connection | undefined): Promise<Response> {
    const startedAt = monotonic();
    const { address: client } = senderOf(request.headers, connection?.remoteAddr);
    const response = await app(request, connection);
    const facts = factsOf(request, response);
    const end = (how: Partial<Facts>) => {
      const ms = Math.round((monotonic() - startedAt) * 10) / 10;
      const properties = defined({ ...facts, ...how, ms, client });
      take({ at: now(), level: "info", logger: "pawl.access", message: lineOf(properties), properties });
    };
    // This is not awaited: the answer goes first. Nobody knows how much went before the client was gone.
    if (connection === undefined) end({});
    else connection.completed.then(() => end({}), () => end({ outcome: "unsent", sent: 0 }));
    return response;
  }

  return {
    identified(request, { scope }) {
      if (isOn()) owners.set(request, scope.owner);
    },
    received(body, bytes) {
      if (isOn()) bytesOf.set(body, bytes);
    },
    around: (app) => (request, connection) => isOn() ? answered(app, request, connection) : app(request, connection),
  };
}

/** The line for a person: the facts that each request has by their order, the others with their names. */
function lineOf({ method, path, status, outcome, ms, ...others }: Record<string, unknown>): string {
  const named = Object.entries(others).map(([name, value]) => `${name}=${quoted(value)}`);
  return [method, quoted(path), status, outcome, `${ms}ms`, ...named].join(" ");
}

/** Quotes a text that could be taken for something else in a line. */
function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w.:@,~%/+-]+$/.test(text) ? text : JSON.stringify(text);
}
