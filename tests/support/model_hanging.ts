import type { ModelClient } from "./model_client.ts";
import type { Places } from "./model_places.ts";
import { inTime, readerOf } from "./model_wire.ts";
import { type Said, seen, type World } from "./model_world.ts";
import type { RawConnection } from "./raw.ts";
import { quiet, type Send, send } from "./upload_model.ts";

/** A request that its client has stopped sending, without letting go of the connection. */
export interface HangingRequest {
  readonly connection: RawConnection;
  readonly request: Send;
  /** The bytes that it has not sent. */
  readonly rest: Uint8Array;
}

/** The requests that hang, at most one of each client. */
export class HangingRequests {
  readonly #places: Places;
  readonly #requests = new Map<ModelClient, HangingRequest>();
  /** The clients that have sent another request since, and have had no answer. */
  readonly #overtaken = new Set<ModelClient>();

  constructor(places: Places) {
    this.#places = places;
  }

  /** The client whose request hangs, and after whose `index` others began to, counted round and round. */
  clientAt(index: number): ModelClient | undefined {
    return [...this.#requests.keys()].reverse()[index % this.#requests.size];
  }

  /** Lets a request hang, in the place of one that hung before. */
  add(client: ModelClient, request: HangingRequest): void {
    this.letGoOf(client);
    this.#requests.set(client, request);
  }

  /** The client has sent another request, and has had no answer. */
  overtake(client: ModelClient): void {
    if (this.#requests.has(client)) this.#overtaken.add(client);
  }

  /** Sends the rest: all is received if nobody has taken the upload from the request, and otherwise nothing more. */
  async goOn(client: ModelClient): Promise<void> {
    const hanging = this.#requests.get(client);
    if (hanging === undefined) return;
    if (this.#overtaken.has(client)) await client.ask();
    const { connection, request, rest } = hanging;
    const sending = connection.send(rest);
    const said = await answerOf(connection, request);
    await sending;
    this.#forget(client);
    this.#places.mayCome(client.clientId, { at: request.at, hangs: false });
    client.follow(`goes on → ${said?.line}`, (world) => {
      const refused = said === undefined || !said.line.startsWith("200 ") ? [quiet(world)] : [];
      if (world.writer === undefined) return isRepeated(world, request, said) ? [quiet(world)] : refused;
      const outcomes = said === undefined ? [] : send(world.writer.before, request);
      const received = outcomes.flatMap((outcome) => seen(outcome, said!) ?? []);
      return world.writer.open ? received : [...received, ...refused];
    });
  }

  /** An instance ends, and tells those whose upload it holds. */
  async meetRestart(at: number): Promise<void> {
    for (const [client, { connection, request }] of this.#requests) {
      if (request.at !== at) continue;
      const said = await answerOf(connection, request);
      this.#forget(client);
      if (!client.worlds.every((world) => world.writer?.open)) continue;
      const outcomes = (world: World) => [{ says: "503 The server is restarting…", world: quiet(world) }];
      client.observe("is interrupted", outcomes, said ?? SILENCE);
    }
  }

  /** Closes all their connections, or those to one instance. */
  letGo(at?: number): void {
    for (const [client, { request }] of this.#requests) {
      if (at === undefined || request.at === at) this.letGoOf(client);
    }
  }

  /** Closes the connection of the client, if it hangs. */
  letGoOf(client: ModelClient): void {
    const hanging = this.#requests.get(client);
    if (hanging === undefined) return;
    this.#forget(client);
    this.#places.mayCome(client.clientId, { at: hanging.request.at, hangs: false });
    client.follow("lets go", (world) => {
      return [world.writer === undefined ? world : { ...world, writer: { ...world.writer, open: false } }];
    });
  }

  #forget(client: ModelClient): void {
    this.#requests.get(client)?.connection[Symbol.dispose]();
    this.#requests.delete(client);
    this.#overtaken.delete(client);
  }
}

/** A finished upload gives its end's answer once more, and at once: the request that hung never held anything. */
function isRepeated(
  { earlier, finished, file, least }: World,
  { start, bytes, ...request }: Send,
  said?: Said,
): boolean {
  const ends = [...earlier, ...finished ? [{ file, length: least }] : []];
  return bytes === 0 && said?.line === `200 Success ${start}` &&
    ends.some((end) => end.file === request.file && end.length === start);
}

/** No answer, where there must be one. */
const SILENCE: Said = {
  line: "nothing",
  offset: undefined,
  length: undefined,
  complete: undefined,
  location: undefined,
};

/** The answer, if the server does not just close the connection. */
export function answerOf(connection: RawConnection, request: Send): Promise<Said | undefined> {
  return inTime(connection.answer().then(readerOf(request), () => undefined));
}
