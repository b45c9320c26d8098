import { type Endpoint, exchange, type Outcome, type WireBody, type WireRequest } from "./wire.ts";
import type { Answer } from "./message.ts";
import { wordsOf } from "./met.ts";
import type { Plan } from "./plan.ts";
import { idInPath } from "../protocols/address.ts";
import { type ProxyName, proxyOf } from "./proxy_name.ts";

/** The things that a {@linkcode Site} is made with. */
export interface SiteDeps {
  readonly endpoint: Endpoint;
  /** The path below which Pawl lies; empty for none. */
  readonly basePath: string;
  /** The headers that say who asks. */
  readonly visitor: Readonly<Record<string, string>>;
  readonly plan: Plan;
  /** A part of every name that the doctor gives, which nobody else has. */
  readonly run: string;
  readonly signal: AbortSignal;
}

/** One request of the doctor's. */
export interface Ask {
  readonly method: string;
  /** The path on Pawl. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: WireBody;
  /** Default: the plan's. */
  readonly patienceMs?: number;
  /** True for a request that does not say who asks. */
  readonly isAnonymous?: boolean;
}

/** The server behind the address. It remembers what the doctor has uploaded, and removes it. */
export class Site {
  readonly plan: Plan;
  readonly #deps: SiteDeps;
  readonly #clientIds = new Set<string>();
  readonly #locations = new Set<string>();
  readonly #unknown: string[] = [];
  #proxy: ProxyName | undefined;

  constructor(deps: SiteDeps) {
    this.plan = deps.plan;
    this.#deps = deps;
  }

  /** The proxy that has answered, if it said so. */
  get proxy(): ProxyName | undefined {
    return this.#proxy;
  }

  get signal(): AbortSignal {
    return this.#deps.signal;
  }

  /** The id and the name of an upload of the doctor's, whose headers say so. It is removed at the end. */
  uploadHeaders(what: string): Record<string, string> {
    const id = `pawl-doctor-${this.#deps.run}-${what}`;
    this.#clientIds.add(id);
    return { "X-File-Id": id, "X-File-Name": `${id}.txt`, "X-File-Type": "text/plain" };
  }

  /** Remembers an upload that cannot be removed, because nobody has told its address. It expires by itself. */
  cannotRemove(name: string): void {
    this.#unknown.push(name);
  }

  /** Sends a request. Rejects with `NoConnection`. */
  async ask({ method, path, headers = {}, body, patienceMs, isAnonymous = false }: Ask): Promise<Outcome> {
    return await this.#exchange({
      method,
      path,
      headers: { ...!isAnonymous && this.#deps.visitor, ...headers },
      ...body !== undefined && { body },
      patienceMs: patienceMs ?? this.plan.patienceMs,
    }, this.signal);
  }

  /** The offset that Pawl tells of an upload of the doctor's; `undefined` if it is not Pawl that answers. */
  async offsetOf(id: string): Promise<number | undefined> {
    const outcome = await this.ask({ method: "GET", path: "/status", headers: { "X-File-Id": id } });
    const offset = outcome.kind === "answer" ? outcome.answer.headers.get("upload-offset") : null;
    return offset === null ? undefined : Number(offset);
  }

  /** Removes everything that was uploaded, also after the signal. Gives the names of what is still there. */
  async removeAll(signal: AbortSignal): Promise<string[]> {
    const ask = (request: Pick<WireRequest, "method" | "path" | "headers">) =>
      this.#exchange({
        ...request,
        headers: { ...this.#deps.visitor, ...request.headers },
        patienceMs: this.plan.patienceMs,
      }, signal).catch(() => undefined);
    const remaining = [...this.#unknown];
    const remove = async (path: string, headers: Record<string, string> = {}) => {
      const outcome = await ask({ method: "DELETE", path, headers });
      const found = outcome?.kind === "answer" ? outcome.answer : undefined;
      // A finished file is removed by its own address, which the refusal tells.
      const address = found?.status === 409 ? /\/files\/[\w-]+/.exec(wordsOf(found))?.[0] : undefined;
      if (address !== undefined) this.#locations.add(address);
      // A 404 of something else says nothing about the upload.
      const isUnknown = found !== undefined && [404, 410].includes(found.status) && isPawls(found);
      if (address === undefined && !isUnknown && found?.status !== 204) remaining.push(headers["X-File-Id"] ?? path);
    };
    await inTurns(this.#clientIds, (id) => remove("/upload", { "X-File-Id": id }));
    await inTurns(this.#locations, (path) => remove(path));
    return remaining;
  }

  async #exchange(request: WireRequest, signal: AbortSignal): Promise<Outcome> {
    const { endpoint, basePath } = this.#deps;
    const outcome = await exchange(endpoint, { ...request, path: basePath + request.path }, signal);
    if (outcome.kind === "answer") {
      this.#proxy ??= proxyOf(outcome.answer.headers);
      if (request.method === "POST" && outcome.answer.status < 300) this.#note(outcome.answer.headers);
    }
    return outcome;
  }

  /** Remembers the upload that an answer tells of. */
  #note(headers: Headers): void {
    const path = locationOf(headers);
    if (path !== undefined) this.#locations.add(path);
  }
}

/** The path on Pawl of the upload that an answer tells of. */
export function locationOf(headers: Headers): string | undefined {
  const location = headers.get("location");
  const id = location === null ? undefined : idInPath(location.replace(/[?#].*$/s, ""));
  return id === undefined ? undefined : `/files/${id}`;
}

/** A refusal of Pawl's has `X-Error`, and where a proxy drops that it has one line of plain text. */
function isPawls({ headers }: Answer): boolean {
  return headers.has("x-error") || (headers.get("content-type") ?? "").startsWith("text/plain");
}

/** Does some work for each, four at a time. */
async function inTurns<T>(all: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const queue = [...all].values();
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (const one of queue) await work(one);
  }));
}
