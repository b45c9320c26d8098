import type { Upload } from "../../server/model/upload.ts";
import { afterKill, afterLoss, FileNode, FolderNode, type Node, type Survivors } from "./lossy_nodes.ts";

/** One thing that is done to the disk. `look` is everything that changes nothing. */
export interface Step {
  readonly kind:
    | "create"
    | "write"
    | "flush"
    | "cut"
    | "link"
    | "remove"
    | "make folder"
    | "flush folder"
    | "touch"
    | "commit"
    | "look";
  /** The path, or the name of the database's call. */
  readonly path: string;
}

/** The way in which a step fails. */
export interface Fault {
  readonly error: Error;
  /** A write takes half of the bytes, says so, and does not fail. */
  readonly short?: true;
  /** It fails when it has happened. */
  readonly late?: true;
}

/** The entries that a database has committed. They are on disk at once. */
export interface Tables {
  readonly uploads: Map<string, Upload>;
  /** The upload that a client's own id means. */
  readonly clients: Map<string, string>;
}

/** Thrown by every call on a disk after its power is lost, or its process is killed. */
export class PowerLost extends Error {
  override name = "PowerLost";
}

/** The paths of all lossy disks begin so. */
export const LOSSY_ROOT = "/lossy-disk/";

const DATA = "data";

const disks = new Map<string, LossyDisk>();

/** The disk that a path lies on, and the path's parts below the disk's own. */
export function diskOf(path: string): { disk: LossyDisk; parts: string[] } {
  const [number = "", ...parts] = path.slice(LOSSY_ROOT.length).split("/");
  const disk = disks.get(number);
  if (disk === undefined) throw new Error(`There is no disk at ${path}`);
  return { disk, parts };
}

/**
 * A model of a disk and of the system's memory before it. Written bytes are seen at once, and are on the disk only when
 * its file was flushed; a name is on the disk only when its folder was flushed. Each step takes a few turns of the
 * event loop, a flush many, and happens as a whole at the end of them: other calls go on meanwhile.
 */
export class LossyDisk implements Disposable {
  static #count = 0;
  readonly #number = String(++LossyDisk.#count);
  /** The server's folder. */
  readonly data = `${LOSSY_ROOT}${this.#number}/${DATA}`;
  readonly nodes: Map<number, Node>;
  readonly tables: Tables;
  /** Changes whenever the machine starts. */
  readonly boot: string;
  /** The machine's clock. */
  now = Date.UTC(2026, 0, 1);
  /** Called before each step happens: cuts the power, or gives what goes wrong with it. */
  interfere: (step: Step) => Fault | undefined = () => undefined;
  /** The open files. */
  readonly opened = new Set<unknown>();
  readonly #ignoresCase: boolean;
  #isDead = false;

  private constructor(nodes: Map<number, Node>, tables: Tables, boot: string, ignoresCase = false) {
    this.#ignoresCase = ignoresCase;
    this.nodes = nodes;
    this.tables = tables;
    this.boot = boot;
    disks.set(this.#number, this);
  }

  /** A disk with nothing on it; one that `ignoresCase` finds what is written in other letters. */
  static empty({ ignoresCase = false } = {}): LossyDisk {
    return new LossyDisk(
      new Map([[1, new FolderNode(1)]]),
      { uploads: new Map(), clients: new Map() },
      crypto.randomUUID(),
      ignoresCase,
    );
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** From now on nothing changes, and every call throws. */
  cutPower(): void {
    this.#isDead = true;
  }

  /** The disk as a machine finds it that starts again. */
  afterLoss(survivors: Survivors): LossyDisk {
    return this.#next(afterLoss(this.nodes, survivors), crypto.randomUUID());
  }

  /** The disk as a new process finds it on a machine that went on running. */
  afterKill(): LossyDisk {
    return this.#next(afterKill(this.nodes), this.boot);
  }

  #next(nodes: Map<number, Node>, boot: string): LossyDisk {
    const { uploads, clients } = this.tables;
    const next = new LossyDisk(
      nodes,
      { uploads: new Map(uploads), clients: new Map(clients) },
      boot,
      this.#ignoresCase,
    );
    next.now = this.now;
    return next;
  }

  /**
   * Takes the time of a step and lets it happen, unless something interferes. `effect` gets what is wrong with it, if
   * it can do something with that; otherwise the step fails and changes nothing.
   */
  async step<T>(step: Step, effect: (fault?: Fault) => T, mayFail = false): Promise<T> {
    for (let turns = TURNS[step.kind] ?? 1; turns > 0; turns--) {
      this.#checkPower();
      await undefined;
    }
    return this.stepNow(step, effect, mayFail);
  }

  /** Does a synchronous step: nothing else goes on meanwhile. */
  stepNow<T>(step: Step, effect: (fault?: Fault) => T, mayFail = false): T {
    this.#checkPower();
    const fault = this.interfere(step);
    this.#checkPower();
    if (fault === undefined || mayFail) return effect(fault);
    if (fault.late) effect();
    throw fault.error;
  }

  #checkPower(): void {
    if (this.#isDead) throw new PowerLost();
  }

  /** The node that a path means; of what is `safe`, or of what is seen. */
  find(parts: readonly string[], view: "seen" | "safe" = "seen"): Node | undefined {
    let node: Node | undefined = this.nodes.get(1);
    for (const part of parts) {
      if (!(node instanceof FolderNode)) {
        if (node === undefined) return undefined;
        throw new Deno.errors.NotADirectory(part);
      }
      const number: number | undefined = node[view].get(this.nameIn(node, part, view));
      node = number === undefined ? undefined : this.nodes.get(number);
    }
    return node;
  }

  /** How a name is written in a folder, where something has it there. */
  nameIn(folder: FolderNode, name: string, view: "seen" | "safe" = "seen"): string {
    if (!this.#ignoresCase || folder[view].has(name)) return name;
    return [...folder[view].keys()].find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
  }

  /**
   * The bytes of a file in the server's folder that no loss of power can take away; `undefined` where its name could be
   * lost.
   */
  safeBytes(path: string): Uint8Array | undefined {
    const node = this.find([DATA, ...path.split("/")], "safe");
    return node instanceof FileNode ? node.safe : undefined;
  }

  /** True where something is seen at a path in the server's folder. */
  has(path: string): boolean {
    return this.find([DATA, ...path.split("/")]) !== undefined;
  }

  /** Every file that is seen below one of the server's folders, by its path from there. */
  files(path: string): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    const visit = (node: Node | undefined, below: string[]) => {
      if (node instanceof FileNode) found.set(below.join("/"), node.seen);
      else for (const [name, number] of node?.seen ?? []) visit(this.nodes.get(number), [...below, name]);
    };
    visit(this.find([DATA, ...path.split("/")].filter(Boolean)), []);
    return found;
  }

  /** How many names a node has. */
  namesOf(number: number): number {
    let names = 0;
    for (const node of this.nodes.values()) {
      if (node instanceof FolderNode) names += [...node.seen.values()].filter((other) => other === number).length;
    }
    return names;
  }

  /** Adds a node to a folder. */
  add(folder: FolderNode, name: string, make: (number: number) => Node): Node {
    const node = make(Math.max(...this.nodes.keys()) + 1);
    this.nodes.set(node.number, node);
    folder.seen.set(name, node.number);
    return node;
  }

  [Symbol.dispose](): void {
    this.#isDead = true;
    disks.delete(this.#number);
  }
}

const TURNS: Partial<Record<Step["kind"], number>> = { "flush": 12, "flush folder": 12, "commit": 6 };
