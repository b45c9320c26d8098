import { describeSend, ModelClient } from "./model_client.ts";
import type { Command, Fault, Sequence } from "./model_commands.ts";
import { finishAll } from "./model_end.ts";
import type { ModelServer } from "./model_server.ts";
import { exchange, inTime, saidBy, wireRequest } from "./model_wire.ts";
import { type Said, seen, type World } from "./model_world.ts";
import { connect, head, type RawConnection } from "./raw.ts";
import {
  broken,
  giveUp,
  interrupted,
  inTurn,
  quiet,
  remove,
  restart,
  type Send,
  send,
  timePasses,
} from "./upload_model.ts";

/** A request that its client has stopped sending, without letting go of the connection. */
interface Hanging {
  readonly connection: RawConnection;
  readonly request: Send;
  readonly rest: Uint8Array;
}

/** What was done, by kind. */
export type Tally = Map<string, number>;

/** Plays one sequence against a server, then finishes all its uploads. Throws where the server does what it may not. */
export async function play(server: ModelServer, sequence: Sequence, name: string, tally: Tally): Promise<void> {
  const notes: string[] = [];
  const game = new Game(server, sequence, name, { notes, tally });
  try {
    for (const command of sequence.commands) await game.play(command);
    game.letGo();
    await finishAll(server, game.clients, game.count);
    game.count("sequences");
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${message}\nAfter\n  ${notes.join("\n  ")}\n`, { cause });
  } finally {
    game.letGo();
  }
}

class Game {
  readonly #server: ModelServer;
  readonly clients: readonly ModelClient[];
  readonly #hanging = new Map<ModelClient, Hanging>();
  /** The clients that have sent another request after the one that hangs, and have had no answer. */
  readonly #overtaken = new Set<ModelClient>();
  readonly #tally: Tally;
  readonly #notes: string[];

  readonly count = (what: string, more = 1): void => {
    this.#tally.set(what, (this.#tally.get(what) ?? 0) + more);
  };

  constructor(
    server: ModelServer,
    { clients }: Sequence,
    name: string,
    { notes, tally }: { notes: string[]; tally: Tally },
  ) {
    this.#server = server;
    this.#tally = tally;
    this.#notes = notes;
    let files = 0;
    const around = {
      port: () => server.port,
      newFile: () => ++files,
      note: (line: string) => void notes.push(line),
    };
    this.clients = clients.map((plan, index) => new ModelClient(`${name}-${index}`, plan, around));
  }

  async play(command: Command): Promise<void> {
    switch (command.kind) {
      case "restart":
        this.count("restart");
        return await this.#restart();
      case "later":
      case "expire": {
        this.count(command.kind);
        const isAll = command.kind === "expire";
        await this.#server.advance(isAll ? 1.2 : 0.6);
        return this.clients.forEach((client) => client.follow(command.kind, (world) => timePasses(world, isAll)));
      }
      case "two at once":
        return await this.#twoAtOnce(command);
    }
    const client = this.#clientAt(command.client);
    switch (command.kind) {
      case "go on":
        return await this.#goOn([...this.#hanging.keys()][command.client % this.#hanging.size]);
      case "send":
        this.count(`send ${command.plan.where}, ${command.plan.bytes}`);
        return await this.#send(client, await client.request(command.plan));
      case "break":
        this.count(`break: ${command.fault.how}`);
        return await this.#break(client, await client.request(command.plan), command.fault);
      case "status":
        this.count("status");
        return await client.ask();
      case "give up":
        this.count("give up");
        return client.observe("gives up", giveUp, await this.#ask("DELETE /upload", client));
      case "remove": {
        const location = client.locations[Math.floor(command.which * client.locations.length * 0.999)];
        if (location === undefined) return;
        // A request that still comes in may be overtaken by one for another address.
        if (client.worlds.some((world) => world.writer !== undefined)) await client.ask();
        this.count("remove");
        const said = await this.#ask(`DELETE ${location}`, client);
        client.observe(`removes ${location}`, (world) => remove(world, location), said);
      }
    }
  }

  /** Closes the connections that hang. */
  letGo(): void {
    for (const client of this.#hanging.keys()) this.#letGoOf(client);
  }

  #letGoOf(client: ModelClient): void {
    const hanging = this.#hanging.get(client);
    if (hanging === undefined) return;
    hanging.connection[Symbol.dispose]();
    this.#hanging.delete(client);
    client.follow("lets go", (world) => {
      return [world.writer === undefined ? world : { ...world, writer: { ...world.writer, open: false } }];
    });
  }

  async #send(client: ModelClient, request: Send): Promise<void> {
    const wire = wireRequest(client, request, { expect: false });
    const said = await exchange(this.#server.port, wire.bytes);
    client.observe(describeSend(request), (world) => send(world, request), said);
  }

  /** Sends a part of a request, and lets it break. */
  async #break(client: ModelClient, request: Send, { how, sent, afterMs }: Fault): Promise<void> {
    const most = how === "hangs" && !request.chunked ? request.bytes - 1 : request.bytes;
    const bytes = Math.min(Math.floor(sent * request.bytes), most);
    if (bytes < 0) return await this.#send(client, request);
    const wire = wireRequest(client, request, { expect: how !== "server killed" });
    const length = wire.lengthWith(bytes);
    const whole = (world: World) => length === wire.bytes.length ? send(world, request) : [];
    const what = `${describeSend(request)}, ${bytes} of them, and is ${how}`;
    const after = (world: World) => [
      ...interrupted(world, request, bytes),
      ...whole(world).map((outcome) => outcome.world),
    ];
    const connection = await connect(this.#server.port);
    const sending = connection.send(wire.bytes.subarray(0, length));
    if (how === "server killed") {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      client.follow(what, (world) => [world, ...after(world)]);
      await this.#kill();
      connection[Symbol.dispose]();
      return void await sending;
    }
    // A reset is what the system sends when a connection is closed with something unread.
    await inTime(connection.heard(how === "reset" ? 1 : undefined));
    if (how === "hangs") {
      this.#letGoOf(client);
      this.#overtaken.delete(client);
      this.#hanging.set(client, { connection, request, rest: wire.bytes.subarray(length) });
      const mayHold = client.worlds.flatMap((world) => interrupted(world, request, bytes, true));
      const isOpen = bytes > 0 && mayHold.some((world) => world.writer?.open) &&
        await this.#server.holds(request.start + bytes);
      return client.follow(`${what}${isOpen ? "" : ", or not there"}`, (world) => {
        return interrupted(world, request, bytes, isOpen);
      });
    }
    this.#overtaken.add(client);
    if (how !== "reset") await sending;
    let said: Said | undefined;
    if (how === "half-closed") {
      await connection.finishSending();
      said = await inTime(connection.answer()).then(saidBy, () => undefined);
    }
    connection[Symbol.dispose]();
    await sending;
    if (said === undefined) return client.follow(what, after);
    client.observe(what, (world) => [...whole(world), ...broken(world, request, bytes, "408 The body was cut…")], said);
  }

  /** The hanging request sends the rest: all is received if nobody has taken the upload from it, and else nothing. */
  async #goOn(client: ModelClient | undefined): Promise<void> {
    const hanging = client && this.#hanging.get(client);
    if (client === undefined || hanging === undefined) return;
    this.count("go on");
    if (this.#overtaken.has(client)) await client.ask();
    const { connection, request, rest } = hanging;
    const sending = connection.send(rest);
    const said = await inTime(connection.answer()).then(saidBy, () => undefined);
    await sending;
    connection[Symbol.dispose]();
    this.#hanging.delete(client);
    client.follow(`goes on → ${said?.line}`, (world) => {
      const refused = said === undefined || !said.line.startsWith("200 ") ? [quiet(world)] : [];
      if (world.writer === undefined) return refused;
      const received = said === undefined
        ? []
        : send(world.writer.before, request).flatMap((end) => seen(end, said) ?? []);
      return world.writer.open ? received : [...received, ...refused];
    });
  }

  /** Two requests at the same time: as if one came after the other, but the first may be interrupted. */
  async #twoAtOnce({ clients, plans }: Extract<Command, { kind: "two at once" }>): Promise<void> {
    const [first, second] = [this.#clientAt(clients[0]), this.#clientAt(clients[1])];
    this.count(first === second ? "two at once on one upload" : "two at once on two uploads");
    const requests = [await first.request(plans[0]), await second.request(plans[1])] as const;
    const [one, two] = await Promise.all([first, second].map((client, index) => {
      return exchange(this.#server.port, wireRequest(client, requests[index as 0 | 1], { expect: false }).bytes);
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

  async #restart(): Promise<void> {
    await this.#server.restart("SIGTERM", async () => {
      for (const [client, { connection }] of this.#hanging) {
        const said = await inTime(connection.answer()).then(saidBy, () => undefined);
        connection[Symbol.dispose]();
        const isOpen = client.worlds.every((world) => world.writer?.open);
        const outcomes = (world: World) => [{ says: "503 The server is restarting…", world: quiet(world) }];
        if (isOpen) client.observe("is interrupted", outcomes, said ?? SILENCE);
      }
    });
    this.#hanging.clear();
    for (const client of this.clients) client.follow("meets a restart", restart);
  }

  async #kill(): Promise<void> {
    await this.#server.restart("SIGKILL");
    this.letGo();
    for (const client of this.clients) client.follow("meets a kill", restart);
  }

  #ask(line: string, { clientId }: ModelClient): Promise<Said> {
    return exchange(this.#server.port, head(line, { "X-File-Id": clientId }));
  }

  #clientAt(index: number): ModelClient {
    const client = this.clients[index];
    if (client === undefined) throw new Error(`There is no client ${index}`);
    return client;
  }
}

/** No answer, where there must be one. */
const SILENCE: Said = {
  line: "nothing",
  offset: undefined,
  length: undefined,
  complete: undefined,
  location: undefined,
};
