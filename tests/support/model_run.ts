import { describeSend, type ModelClient, told } from "./model_client.ts";
import type { Command, Fault, SendPlan, Step } from "./model_commands.ts";
import { asInForm, sendByForm, sendInForm } from "./model_form.ts";
import { answerOf, HangingRequests } from "./model_hanging.ts";
import { lost } from "./model_addresses.ts";
import type { Places } from "./model_places.ts";
import type { ModelSite } from "./model_site.ts";
import { saidByTus, tusHead } from "./model_tus.ts";
import { exchange, inTime, readerOf, wireRequest } from "./model_wire.ts";
import type { Said, World } from "./model_world.ts";
import { connect, head, type RawConnection } from "./raw.ts";
import {
  broken,
  interrupted,
  inTurn,
  NEW,
  remove,
  restart,
  type Send,
  send,
  terminate,
  timePasses,
} from "./upload_model.ts";

type Count = (what: string) => void;

/** A request of which a part is sent, or all of it. */
interface SentPart {
  readonly client: ModelClient;
  readonly request: Send;
  /** How many bytes of its body are sent. */
  readonly bytes: number;
  readonly isWhole: boolean;
  readonly connection: RawConnection;
  readonly sending: Promise<boolean>;
}

/** What a sequence is played with. */
export interface GameDeps {
  readonly site: ModelSite;
  readonly places: Places;
  readonly clients: readonly ModelClient[];
  readonly count: Count;
}

/** One sequence that is played: what the clients do, held against what may be true. */
export class Game implements Disposable {
  readonly #site: ModelSite;
  readonly #places: Places;
  readonly #clients: readonly ModelClient[];
  readonly #count: Count;
  readonly #hanging: HangingRequests;

  constructor({ site, places, clients, count }: GameDeps) {
    this.#site = site;
    this.#places = places;
    this.#clients = clients;
    this.#count = count;
    this.#hanging = new HangingRequests(places);
  }

  async play(command: Step): Promise<void> {
    this.#places.begin(command.draw);
    switch (command.kind) {
      case "send":
        this.#count(`send ${command.plan.where}, ${command.plan.bytes}`);
        return await this.#send(this.#clientAt(command.client), command.plan);
      case "break":
        this.#count(`break: ${command.fault.how}`);
        return await this.#break(this.#clientAt(command.client), command.plan, command.fault);
      case "two at once":
        return await this.#twoAtOnce(command);
      case "go on":
        return await this.#goOn(command.client);
      case "status":
        this.#count("status");
        return await this.#status(command);
      case "terminate":
        return await this.#terminate(this.#clientAt(command.client));
      case "remove":
        return await this.#remove({ ...command, client: this.#clientAt(command.client) });
      case "later":
        return await this.#passTime("later", 0.6);
      case "expire":
        return await this.#passTime("expire", 1.2);
      case "restart":
        return await this.#restart();
    }
  }

  /** Closes the connections that hang. */
  [Symbol.dispose](): void {
    this.#hanging.letGo();
  }

  async #send(client: ModelClient, plan: SendPlan): Promise<void> {
    const request = await client.request(plan, await client.place());
    // A form knows a file again by its digest, and the model does not.
    if (plan.inForm && request.address === undefined && request.digestOf === undefined) {
      this.#count("send in a form");
      const inForm = asInForm(request);
      const told = await sendInForm(this.#site.portFor(inForm.at), client, inForm);
      return client.observe(`in a form ${describeSend(inForm)}`, (world) => sendByForm(world, inForm), told);
    }
    const wire = wireRequest(client, request, { expect: false });
    const said = await exchange(this.#site.portFor(request.at), wire.bytes, readerOf(request));
    client.observe(describeSend(request), (world) => send(world, request), said);
  }

  /** Sends a part of a request, and lets it break. */
  async #break(client: ModelClient, plan: SendPlan, planned: Fault): Promise<void> {
    const at = await client.place();
    await client.meet(plan, at);
    const request = await client.request(plan, at);
    // Nobody could ask, meanwhile, for an upload whose address is not told yet.
    const fault = request.address === NEW && planned.how === "hangs" ? { ...planned, how: "closed" as const } : planned;
    const { how, sent } = fault;
    // One that hangs has not come to its end.
    const most = how === "hangs" && !request.chunked ? request.bytes - 1 : request.bytes;
    const bytes = Math.min(Math.floor(sent * request.bytes), most);
    if (bytes < 0) return;
    const wire = wireRequest(client, request, { expect: how !== "server killed" });
    const length = wire.lengthWith(bytes);
    const isWhole = length === wire.bytes.length;
    using held = new DisposableStack();
    // Nothing tells whether a request elsewhere came before the kill or after it.
    if (how === "server killed") await this.#places.settleBut(at);
    const connection = held.use(await connect(this.#site.portFor(at)));
    const sending = connection.send(wire.bytes.subarray(0, length));
    const part = { client, request, bytes, isWhole, connection, sending };
    if (how === "server killed") return await this.#kill(part, fault);
    // Until the server has said that it has seen the head, a later request may be there before it.
    // A reset is what the system sends when a connection is closed with something unread.
    await inTime(connection.heard(how === "reset" ? 1 : undefined));
    if (how !== "hangs") return await this.#cut(part, fault);
    held.move();
    this.#hanging.add(client, { connection, request, rest: wire.bytes.subarray(length) });
    await this.#hang(part);
  }

  async #kill({ client, request, bytes, isWhole, sending }: SentPart, { how, afterMs }: Fault): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    client.follow(`${describeSend(request)}, ${bytes} of them, and is ${how}`, (world) => {
      return [world, ...ended(world, request, { bytes, isWhole })];
    });
    client.hasLost ||= request.address === NEW;
    const { at } = request;
    await this.#site.restart(at, "SIGKILL");
    this.#hanging.letGo(at);
    this.#places.ended(at);
    for (const each of this.#clients) each.follow(`meets a kill${told(at)}`, (world) => restart(world, at));
    await sending;
  }

  async #hang({ client, request, bytes }: SentPart): Promise<void> {
    const mayHold = client.worlds.flatMap((world) => interrupted(world, request, bytes, true));
    const isOpen = bytes > 0 && mayHold.some((world) => world.writer?.open) &&
      await this.#site.holds(request.at, request.start + bytes);
    this.#count(isOpen ? "hangs and holds its upload" : "hangs, and may hold nothing");
    if (isOpen) this.#places.hasCome(client.clientId, request.at);
    else this.#places.mayCome(client.clientId, { at: request.at, hangs: true });
    const what = `${describeSend(request)}, ${bytes} of them, and hangs${isOpen ? "" : ", or is not there"}`;
    client.follow(what, (world) => interrupted(world, request, bytes, isOpen));
  }

  async #cut({ client, request, bytes, isWhole, connection, sending }: SentPart, { how }: Fault): Promise<void> {
    this.#hanging.overtake(client);
    this.#places.mayCome(client.clientId, { at: request.at, hangs: false });
    if (how !== "reset") await sending;
    let said: Said | undefined;
    if (how === "half-closed") {
      await connection.finishSending();
      said = await answerOf(connection, request);
    }
    connection[Symbol.dispose]();
    await sending;
    const what = `${describeSend(request)}, ${bytes} of them, and is ${how}`;
    client.hasLost ||= request.address === NEW && said === undefined;
    if (said === undefined) return client.follow(what, (world) => ended(world, request, { bytes, isWhole }));
    client.observe(what, (world) => [
      ...isWhole ? send(world, request) : [],
      ...broken(world, request, bytes, request.address === NEW ? "200 #" : "408 The body was cut…"),
    ], said);
  }

  async #goOn(index: number): Promise<void> {
    const client = this.#hanging.clientAt(index);
    if (client === undefined) return;
    this.#count("go on");
    await this.#hanging.goOn(client);
  }

  /** Two requests at the same time: as if one came after the other, but the first may be interrupted. */
  async #twoAtOnce({ clients, plans }: Extract<Command, { kind: "two at once" }>): Promise<void> {
    const [first, second] = [this.#clientAt(clients[0]), this.#clientAt(clients[1])];
    this.#count(first === second ? "two at once on one upload" : "two at once on two uploads");
    // Begun twice, it would be two uploads of one client.
    if (first === second && first.byTus && !first.hasUpload) return await this.#send(first, plans[0]);
    const requests = [
      await first.request(plans[0], await first.place()),
      await second.request(plans[1], await second.place()),
    ] as const;
    const [one, two] = await Promise.all([first, second].map((client, index) => {
      const request = requests[index as 0 | 1];
      const { bytes } = wireRequest(client, request, { expect: false });
      return exchange(this.#site.portFor(request.at), bytes, readerOf(request));
    }));
    if (one === undefined || two === undefined) throw new Error("There is no answer");
    if (first !== second) {
      first.observe(describeSend(requests[0]), (world) => send(world, requests[0]), one);
      return second.observe(describeSend(requests[1]), (world) => send(world, requests[1]), two);
    }
    const what = `at once ${describeSend(requests[0])} → ${one.line}, and ${describeSend(requests[1])} → ${two.line}`;
    first.follow(what, (world) => [
      ...inTurn(world, [requests[0], one], [requests[1], two]),
      ...inTurn(world, [requests[1], two], [requests[0], one]),
    ]);
  }

  async #terminate(client: ModelClient): Promise<void> {
    if (client.byTus) return await this.#remove({ client, byTus: true, which: 1 });
    this.#count("terminate");
    client.observe("terminates", terminate, await this.#ask("DELETE /upload", client));
  }

  async #status({ client: index, byTus, which }: Extract<Command, { kind: "status" }>): Promise<void> {
    const client = this.#clientAt(index);
    const location = byTus || client.byTus ? await client.addressAt(which) : undefined;
    if (location === undefined) return await client.ask();
    await client.askAt(location);
  }

  async #remove({ client, byTus, which }: { client: ModelClient; byTus: boolean; which: number }): Promise<void> {
    const location = await client.addressAt(which);
    if (location === undefined) return;
    this.#count("remove");
    client.countRequest(byTus);
    const said = byTus
      ? await exchange(
        this.#site.portFor(await client.place()),
        tusHead("DELETE", location),
        (answer) => saidByTus(answer, location),
      )
      : await this.#ask(`DELETE ${location}`, client);
    client.observe(`removes ${location}${byTus ? " by tus" : ""}`, (world) => remove(world, location), said);
  }

  async #passTime(what: "later" | "expire", part: number): Promise<void> {
    this.#count(what);
    await this.#site.advance(part);
    for (const client of this.#clients) client.follow(what, (world) => timePasses(world, part > 1));
  }

  async #restart(): Promise<void> {
    this.#count("restart");
    const at = this.#places.any();
    await this.#places.settleBut(at);
    await this.#site.restart(at, "SIGTERM", () => this.#hanging.meetRestart(at));
    this.#places.ended(at);
    for (const client of this.#clients) client.follow(`meets a restart${told(at)}`, (world) => restart(world, at));
  }

  async #ask(line: string, client: ModelClient): Promise<Said> {
    const port = this.#site.portFor(await client.place());
    return await exchange(port, head(line, { "X-File-Id": client.clientId }));
  }

  #clientAt(index: number): ModelClient {
    const client = this.#clients[index];
    if (client === undefined) throw new Error(`There is no client ${index}`);
    return client;
  }
}

/** The worlds after a request of whose body some bytes were sent, and whose answer is lost. */
function ended(world: World, request: Send, { bytes, isWhole }: { bytes: number; isWhole: boolean }): World[] {
  if (request.address === NEW) return lost(world, request, bytes);
  const received = isWhole ? send(world, request).map((outcome) => outcome.world) : [];
  return [...interrupted(world, request, bytes), ...received];
}
