import { join } from "@std/path";
import { samplesIn } from "../support/metrics.ts";

/** What the server was seen to have in one second. Bytes, unless told; `undefined` for what could not be read. */
export interface Sight {
  /** In seconds of the run. */
  readonly at: number;
  readonly rss: number;
  readonly heap: number | undefined;
  readonly fds: number;
  readonly threads: number;
  readonly database: number;
  /** The processor time of the server in this life, and of the generator, in seconds. */
  readonly serverCpu: number;
  readonly ownCpu: number;
  /** Bytes that people have sent since the run began. */
  readonly sent: number;
}

/** What is watched. */
export interface Watched {
  readonly pid: () => number | undefined;
  readonly port: number;
  readonly data: string;
  readonly sent: () => number;
  readonly now: () => number;
}

/** Looks once a second until it is disposed of, and keeps what it saw. */
export function watch(watched: Watched): AsyncDisposable & { readonly sights: readonly Sight[] } {
  const sights: Sight[] = [];
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(async () => {
      const sight = await look(watched).catch(() => undefined);
      if (sight !== undefined) sights.push(sight);
    });
  }, 1000);
  return {
    sights,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function look({ pid, port, data, sent, now }: Watched): Promise<Sight | undefined> {
  const server = pid();
  if (server === undefined) return undefined;
  const at = now() / 1000;
  const [status, fds, heap, database, serverCpu, ownCpu] = await Promise.all([
    Deno.readTextFile(`/proc/${server}/status`),
    Array.fromAsync(Deno.readDir(`/proc/${server}/fd`), () => 1),
    heapOf(port),
    databaseBytes(data),
    cpuOf(server),
    cpuOf(Deno.pid),
  ]);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    at,
    rss: field("VmRSS") * 1024,
    heap,
    fds: fds.length,
    threads: field("Threads"),
    database,
    serverCpu,
    ownCpu,
    sent: sent(),
  };
}

async function heapOf(port: number): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5000) });
    return samplesIn(await response.text()).get("pawl_heap_bytes");
  } catch {
    return undefined;
  }
}

/** The size of the database's files: the database, its log of writes, and the log's index. */
async function databaseBytes(data: string): Promise<number> {
  const sizes = ["pawl.db", "pawl.db-wal", "pawl.db-shm"].map((name) =>
    Deno.stat(join(data, name)).then(({ size }) => size, () => 0)
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** User and system time of a process, in seconds; Linux counts them in hundredths. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The program's name stands in brackets and may hold spaces: the fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
