import type { Limits } from "../../server/uploads/engine_deps.ts";
import { sha256, someBytes } from "../support/bytes.ts";
import { brokenBody, pieces } from "../support/simple_client.ts";
import type { SentFile } from "./ledger.ts";
import { type Sender, together } from "./sender.ts";

/** What some clients do. Nothing is asserted but that it comes to its end: what must hold, holds for all. */
export interface Scenario {
  readonly name: string;
  readonly files: readonly SentFile[];
  readonly limits?: Partial<Limits>;
  /** The server takes no requests any more when it is at its end. */
  readonly endsServer?: true;
  run(sender: Sender): Promise<unknown>;
}

const LENGTH = 200;
const content = someBytes(LENGTH);
const size = { "X-File-Size": String(LENGTH) };
const whole: SentFile = { id: "a.bin-200-1", content, headers: size };
const unsized: SentFile = { id: "a.bin-200-2", content };
const digested: SentFile = { id: "d.bin-200-1", content, headers: { ...size, "Repr-Digest": digestOf(content) } };
const empty: SentFile = { id: "e.bin-0-1", content: new Uint8Array(), headers: { "X-File-Size": "0" } };
const cut = { "Content-Length": String(LENGTH) };

function digestOf(bytes: Uint8Array): string {
  return `sha-256=:${sha256(bytes)}:`;
}

/** The file's bytes from one to another, in pieces of 20. */
function piecesOf(from: number, to: number): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = from; at < to; at += 20) parts.push(content.slice(at, Math.min(to, at + 20)));
  return parts;
}

/** Lets the server do what it can with the bytes that it has got. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 500; turn++) await undefined;
}

function folderFile(name: string): SentFile {
  return { id: `${name}-1`, content, headers: { ...size, "X-File-Path": `b/c/${name}`, "X-File-Modified": "1000000" } };
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "one request",
    files: [whole],
    run: (sender) => sender.send(whole, 0),
  },
  {
    name: "several requests, and the question how much is there",
    files: [whole],
    async run(sender) {
      await sender.send(whole, 0, content.slice(0, 70));
      await sender.send(whole, 70, content.slice(70, 140));
      await sender.status(whole);
      await sender.send(whole, 140);
    },
  },
  {
    name: "a long request with checkpoints, asked about while it goes on",
    files: [whole],
    limits: { checkpointBytes: 30, patience: { waitMs: 0, silenceMs: 1000 } },
    async run(sender) {
      const body = sender.openBody();
      const sent = sender.send(whole, 0, body.stream);
      sent.catch(() => {});
      for (let at = 0; at < LENGTH; at += 40) {
        body.send(...piecesOf(at, at + 40));
        await someTurns();
        if (!sender.disk.isDead) await sender.status(whole);
      }
      body.end();
      await sent;
    },
  },
  {
    name: "a body that is cut in the middle",
    files: [whole],
    limits: { checkpointBytes: 50 },
    async run(sender) {
      await sender.send(whole, 0, brokenBody(...piecesOf(0, 110)), cut);
      await sender.status(whole);
      await sender.send(whole, 110, pieces(...piecesOf(110, LENGTH)));
    },
  },
  {
    name: "a body that fails its digest is taken back",
    files: [whole],
    limits: { checkpointBytes: 30 },
    async run(sender) {
      await sender.send(whole, 0, content.slice(0, 70));
      const wrong = await sender.sendWrong(whole, 70, 140, { "Content-Digest": digestOf(content) });
      await sender.status(whole);
      await sender.send(whole, 70, undefined, { "Content-Digest": digestOf(content.subarray(70)) });
      return wrong;
    },
  },
  {
    name: "a digest of the whole file, in one request",
    files: [digested],
    run: (sender) => sender.send(digested, 0),
  },
  {
    name: "a digest of the whole file, in several requests, the last of them wrong at first",
    files: [digested],
    async run(sender) {
      await sender.send(digested, 0, content.slice(0, 70));
      await sender.sendWrong(digested, 70, LENGTH, {});
      await sender.send(digested, 70);
    },
  },
  {
    name: "a digest of the whole file that comes with its last request, wrong at first",
    files: [whole],
    async run(sender) {
      const late = { "Repr-Digest": digestOf(content) };
      await sender.send(whole, 0, content.slice(0, 70));
      await sender.sendWrong(whole, 70, LENGTH, late);
      await sender.send(whole, 70, undefined, late);
    },
  },
  {
    name: "a body that is too long is taken back",
    files: [whole],
    limits: { checkpointBytes: 30 },
    async run(sender) {
      await sender.send(whole, 0, content.slice(0, 70));
      await sender.sendWrong(whole, 70, LENGTH + 40, {});
      await sender.send(whole, 70);
    },
  },
  {
    name: "all bytes, but no end",
    files: [unsized],
    async run(sender) {
      await sender.send(unsized, 0, brokenBody(...piecesOf(0, LENGTH)));
      await sender.status(unsized);
      await sender.send(unsized, LENGTH, null);
    },
  },
  {
    name: "a body of unknown length",
    files: [unsized],
    limits: { checkpointBytes: 90 },
    run: (sender) => sender.send(unsized, 0, pieces(...piecesOf(0, LENGTH))),
  },
  {
    name: "starting over from byte 0",
    files: [whole],
    async run(sender) {
      await sender.send(whole, 0, content.slice(0, 70));
      await sender.send(whole, 0);
    },
  },
  {
    name: "a new upload beside a finished one of the same id, and the last answer again",
    files: [{ ...whole, copies: 2 }],
    async run(sender) {
      await sender.send(whole, 0);
      await sender.send(whole, LENGTH, null);
      await sender.send(whole, 0);
    },
  },
  {
    name: "giving up",
    files: [{ ...whole, wanted: "removed" }],
    async run(sender) {
      await sender.send(whole, 0, content.slice(0, 70));
      await sender.giveUp(whole);
      await sender.status(whole);
    },
  },
  {
    name: "removing a finished file",
    files: [{ ...folderFile("x.bin"), wanted: "removed" }],
    async run(sender) {
      const { headers } = await sender.send(folderFile("x.bin"), 0);
      await sender.remove(folderFile("x.bin"), headers.get("location") ?? "");
    },
  },
  {
    name: "expiring, and being forgotten",
    files: [{ ...whole, wanted: "removed" }],
    async run(sender) {
      await sender.send(whole, 0, content.slice(0, 70));
      sender.ledger.letGo(whole);
      for (let time = 0; time < 2; time++) {
        sender.disk.now += 1000;
        await sender.sweep();
      }
      await sender.status(whole);
    },
  },
  {
    name: "two files of one name",
    files: [whole, { ...whole, id: "a.bin-200-3" }],
    run: (sender) => together(sender.send(whole, 0), sender.send({ ...whole, id: "a.bin-200-3" }, 0)),
  },
  {
    name: "a folder, one file after the other",
    files: [folderFile("x.bin"), folderFile("y.bin")],
    async run(sender) {
      await sender.send(folderFile("x.bin"), 0);
      await sender.send(folderFile("y.bin"), 0);
    },
  },
  {
    name: "a folder, two files at a time",
    files: [folderFile("x.bin"), folderFile("y.bin")],
    run: (sender) => together(sender.send(folderFile("x.bin"), 0), sender.send(folderFile("y.bin"), 0)),
  },
  {
    name: "removing the last file of a folder while another one comes into it",
    files: [{ ...folderFile("x.bin"), wanted: "removed" }, folderFile("y.bin")],
    async run(sender) {
      const { headers } = await sender.send(folderFile("x.bin"), 0);
      await together(
        sender.remove(folderFile("x.bin"), headers.get("location") ?? ""),
        sender.send(folderFile("y.bin"), 0),
      );
    },
  },
  {
    name: "an empty file",
    files: [empty],
    async run(sender) {
      await sender.send(empty, 0);
      await sender.send(empty, 0);
    },
  },
  {
    name: "a request that takes over one that hangs",
    files: [whole],
    async run(sender) {
      const body = sender.openBody();
      body.send(...piecesOf(0, 80));
      const hanging = sender.send(whole, 0, body.stream, cut);
      const next = (async () => {
        const { count } = await sender.status(whole);
        await sender.send(whole, count);
      })();
      // Where the other one could not even ask, its client lets go in the end.
      await together(hanging, next.finally(() => body.end()));
    },
  },
  {
    name: "a shutdown in the middle of a body",
    files: [whole],
    endsServer: true,
    async run(sender) {
      const body = sender.openBody();
      body.send(...piecesOf(0, 80));
      const hanging = sender.send(whole, 0, body.stream, cut);
      await together(hanging, sender.status(whole).then(() => sender.pawl.interrupt()));
    },
  },
];
