import type { ClientPlan, SendPlan } from "./model_commands.ts";
import { NOTHING, type Outcome, type Said, seen, type World } from "./model_world.ts";
import { head, type RawAnswer } from "./raw.ts";
import { ietfHead, saidToIetfHead } from "./model_ietf.ts";
import type { ModelSite } from "./model_site.ts";
import { saidToHead, tusHead } from "./model_tus.ts";
import { MAX_BYTES, NEW, type Send, status, statusAt } from "./upload_model.ts";
import { exchange } from "./model_wire.ts";

/** A request before it is known where it goes. */
type Unsent = Omit<Send, "at">;

/** The things that all clients of a sequence share. */
export interface Shared {
  readonly site: Pick<ModelSite, "portFor" | "met">;
  /** Chooses the instance for the next request of a client. */
  readonly place: (clientId: string) => Promise<number>;
  /** A number that no file of the sequence has. */
  readonly newFile: () => number;
  /** Keeps a line for the report of a failure. */
  readonly note: (line: string) => void;
  readonly count: (what: string) => void;
}

/** One client's id: what may be true of its upload, held against every answer. */
export class ModelClient {
  readonly clientId: string;
  /** The name that its files want. */
  readonly name: string;
  /** It begins its uploads by tus, and speaks nothing else. */
  readonly byTus: boolean;
  /** An upload may be there whose address it was not told. */
  hasLost = false;
  /** Every address that it was told. */
  readonly locations: string[] = [];
  #worlds: readonly World[] = [NOTHING];
  readonly #sizes: readonly number[];
  readonly #files = new Map<number, number>();
  readonly #shared: Shared;

  constructor(clientId: string, { byTus, sharesName, sizes }: ClientPlan, shared: Shared) {
    this.byTus = byTus;
    this.clientId = clientId;
    this.name = sharesName ? "shared.bin" : `${clientId}.bin`;
    this.#sizes = sizes;
    this.#shared = shared;
  }

  get worlds(): readonly World[] {
    return this.#worlds;
  }

  /** True where it is known to have an upload that is not finished. */
  get hasUpload(): boolean {
    return this.#worlds.every(({ file, finished }) => file !== undefined && !finished);
  }

  /** Holds an answer against the outcomes that each world has; what remains are the worlds after it. */
  observe(what: string, outcomes: (world: World) => Outcome[], said: Said): void {
    this.#shared.note(`${this.clientId} ${what} → ${describe(said)}`);
    const after = this.#worlds.flatMap(outcomes).map((outcome) => seen(outcome, said));
    this.#become(after.filter((world) => world !== undefined), () => {
      const could = this.#worlds.flatMap(outcomes).map(({ says, world }) => `${says} in ${JSON.stringify(world)}`);
      return `${this.clientId} ${what} was answered ${describe(said)}, but it could only be\n  ${could.join("\n  ")}`;
    });
    if (said.location !== undefined && !this.locations.includes(said.location)) this.locations.push(said.location);
  }

  /** Follows something that gives no answer. */
  follow(what: string, worlds: (world: World) => World[]): void {
    this.#shared.note(`${this.clientId} ${what}`);
    this.#become(this.#worlds.flatMap(worlds), () => `There is no world after ${what}`);
  }

  /** Sets what may be true. */
  #become(worlds: readonly World[], explain: () => string): void {
    const different = new Map(worlds.map((world) => [JSON.stringify(world), world]));
    if (different.size === 0) throw new Error(explain());
    this.#worlds = [...different.values()];
  }

  /** Asks how far the upload is. */
  async ask(): Promise<void> {
    if (this.byTus) {
      const address = this.#worlds.findLast(({ location }) => location !== undefined)?.location;
      return address === undefined ? undefined : await this.askAt(address);
    }
    this.countRequest(false);
    const at = await this.place();
    const request = head("GET /status", { "X-File-Id": this.clientId });
    const said = await exchange(this.#shared.site.portFor(at), request);
    this.observe(`asks${told(at)}`, status, said);
  }

  /** Chooses the instance for its next request. */
  place(): Promise<number> {
    return this.#shared.place(this.clientId);
  }

  /** Asks the upload's own address how far it is. */
  async askAt(address: string, instance?: number): Promise<void> {
    this.countRequest(true);
    const at = instance ?? await this.place();
    const { site } = this.#shared;
    const byIetf = isByIetf(address);
    const read = (answer: RawAnswer) => (byIetf ? saidToIetfHead : saidToHead)(answer, address);
    const said = await exchange(site.portFor(at), (byIetf ? ietfHead : tusHead)("HEAD", address), read, "HEAD");
    this.observe(`asks ${address}${told(at)}`, (world) => statusAt(world, address), said);
    site.met(at).add(address);
  }

  /**
   * Asks at the address that a request to an instance is to go to, unless that knows it. It looks up whose the upload is when it
   * first meets an address. A request that is cut meanwhile may come in behind the answer to the next one, if that goes
   * by the client's id; requests to the address keep their order.
   */
  async meet({ byTus, where, part }: SendPlan, at: number): Promise<void> {
    if (!byTus || this.byTus) return;
    const address = await this.addressAt(where === "over" ? part : 1);
    if (address !== undefined && !this.#shared.site.met(at).has(address)) await this.askAt(address, at);
  }

  countRequest(byTus: boolean): void {
    this.#shared.count(byTus ? "requests by tus" : "requests by the simple protocol");
    const isHeld = this.#worlds.every(({ writer }) => writer?.open);
    if (byTus && isHeld) this.#shared.count("requests by tus where another holds the upload");
  }

  /** One of all the addresses that it was told: 0 for the first, 1 for the last. */
  async addressAt(which: number): Promise<string | undefined> {
    const address = this.locations[Math.floor(which * this.locations.length * 0.999)];
    // A request that still comes in may be overtaken by one that knows the address.
    const isHere = this.#worlds.every(({ location }) => location === address);
    const isSettled = this.#worlds.every(({ writer }) => writer === undefined || writer.open && isHere);
    if (!isSettled) await this.ask();
    return address;
  }

  /** Gives the plan its numbers. Asks first where the client could not know which file the server has. */
  async request(plan: SendPlan, at: number): Promise<Send> {
    return { ...await this.#requestAnywhere(plan), at };
  }

  async #requestAnywhere(wish: SendPlan): Promise<Unsent> {
    if (new Set(this.#worlds.map(({ file }) => file).filter((file) => file !== undefined)).size > 1) await this.ask();
    const plan = this.#forward(wish);
    if (this.byTus && await this.#mayBegin(plan)) return this.#requestToBegin(plan);
    const address = plan.byTus || this.byTus ? await this.addressAt(plan.where === "over" ? plan.part : 1) : undefined;
    this.countRequest(address !== undefined);
    if (address !== undefined) return this.#requestTo(address, plan);
    const world = this.#worlds.at(-1) ?? NOTHING;
    const file = this.#fileFor(plan);
    const isOther = file !== world.file;
    const held = isOther || plan.where === "over" ? 0 : world.most;
    const length = (held === 0 || isOther ? undefined : world.length) ?? Math.max(held, this.sizeOf(file));
    const start = plan.where === "elsewhere" ? elsewhere(held, plan) : held;
    const known = plan.chunked && !isOther ? world.length : undefined;
    const request = this.#sized({ plan, file, start, length });
    const digestOf = {
      none: undefined,
      wrong: -1,
      right: plan.size === "huge" ? request.bytes : request.size ?? known ?? start + request.bytes,
    };
    return { ...request, digestOf: digestOf[plan.fileDigest] };
  }

  /** Goes on with an upload, or begins the next one where it is finished. */
  #forward(plan: SendPlan): SendPlan {
    if (plan.where !== "ahead") return plan;
    const isFinished = this.#worlds.every(({ finished }) => finished);
    return isFinished ? { ...plan, where: "over", another: true, byTus: false } : { ...plan, where: "on" };
  }

  /** Observes a request to an address, which never begins an upload. */
  #requestTo(address: string, plan: SendPlan): Unsent {
    const world = this.#worlds.findLast(({ location }) => location === address);
    const earlier = this.#worlds.at(-1)?.earlier.find(({ location }) => location === address);
    const file = world?.file ?? earlier?.file ?? 0;
    const held = world?.most ?? earlier?.length ?? 0;
    const length = world?.length ?? earlier?.length ?? Math.max(held, this.sizeOf(file));
    const start = plan.where === "elsewhere" ? elsewhere(held, plan) : plan.where === "over" && plan.another ? 0 : held;
    return { ...this.#sized({ plan, file, start, length }), address, byIetf: plan.byIetf };
  }

  /** True where it is known to have no upload to go on with, or is to begin the next one. */
  async #mayBegin({ where }: SendPlan): Promise<boolean> {
    const canBegin = () => this.#worlds.map(({ file, finished }) => file === undefined || finished && where === "over");
    if (new Set(canBegin()).size > 1) await this.ask();
    return canBegin().every(Boolean);
  }

  /** The first bytes of another file, or none. */
  #requestToBegin(plan: SendPlan): Unsent {
    this.countRequest(true);
    const file = this.#newFile();
    const wish = plan.size === "wrong" ? { ...plan, size: "right" as const } : plan;
    const request = this.#sized({ plan: wish, file, start: 0, length: this.sizeOf(file) });
    const hasBody = request.chunked || request.bytes > 0;
    return { ...request, address: NEW, byIetf: plan.byIetf, bodyDigest: hasBody ? request.bodyDigest : "none" };
  }

  #sized(
    { plan, file, start, length }: { plan: SendPlan; file: number; start: number; length: number },
  ): Unsent {
    const rest = Math.max(0, length - start);
    const bytes = { rest, part: Math.floor(rest * plan.part), none: 0, "too many": rest + Math.abs(aside(plan)) };
    return {
      address: undefined,
      byIetf: false,
      file,
      start,
      size: { none: undefined, right: length, wrong: length + 7, huge: MAX_BYTES + 1 }[plan.size],
      bytes: bytes[plan.bytes],
      chunked: plan.chunked,
      bodyDigest: plan.bodyDigest,
      digestOf: undefined,
    };
  }

  /** The whole size of one of its files. */
  sizeOf(file: number): number {
    return this.#files.get(file) ?? 0;
  }

  /** Another file only where answers can tell its upload from the one that was there before. */
  #fileFor({ where, another }: SendPlan): number {
    const files = this.#worlds.map(({ file }) => file).filter((file) => file !== undefined);
    const latest = files.at(-1);
    const isKnown = this.#worlds.every(({ file, location }) => file === undefined || location !== undefined);
    if (latest !== undefined && !(where === "over" && another && isKnown)) return latest;
    return this.#newFile();
  }

  #newFile(): number {
    const file = this.#shared.newFile();
    this.#files.set(file, this.#sizes[this.#files.size % this.#sizes.length] ?? 0);
    return file;
  }
}

/** True for an address that is asked by the IETF's protocol, as a half of all are. */
function isByIetf(address: string): boolean {
  return address.charCodeAt(NEW.length) % 2 === 0;
}

/** A start that is not where the server's bytes end. */
function elsewhere(held: number, plan: SendPlan): number {
  return Math.max(1, held + aside(plan));
}

function aside({ part }: SendPlan): number {
  return Math.round((part - 0.5) * 5000) || 1;
}

/** How the notes tell an instance other than the first one. */
export function told(at: number): string {
  return at === 0 ? "" : ` at instance ${at}`;
}

/** A request as one line. */
export function describeSend(send: Send): string {
  const { at, address, byIetf, file, start, size, bytes, chunked, bodyDigest, digestOf } = send;
  return [
    `sends${told(at)} ${bytes} bytes of file ${file} from ${start}`,
    ...address === undefined ? [] : [`to ${address}${byIetf ? " by IETF" : ""}`],
    ...size === undefined ? [] : [`of ${size} in all`],
    ...chunked ? ["chunked"] : [],
    ...bodyDigest === "none" ? [] : [`${bodyDigest} digest of the body`],
    ...digestOf === undefined ? [] : [digestOf < 0 ? "Repr-Digest wrong" : `Repr-Digest of ${digestOf}`],
  ].join(", ");
}

function describe({ line, offset, length, complete, location }: Said): string {
  return `"${line}" (${[offset, length, complete, location].join(", ")})`;
}
