import { someBytes } from "./bytes.ts";
import { connect, postHead, type RawConnection } from "./raw.ts";

export const PART_BYTES = 2000;

/** What became of writers that hang, each of which loses its upload to the next. */
export interface TakeOvers {
  /** How each was told of it: the status, and the count. */
  readonly told: (readonly [status: number, offset: string | null])[];
  /** How long each took, from the new request to the answer to the old one, in milliseconds. */
  readonly times: number[];
}

/** Has so many writers, which send a part and then nothing, take one upload from each other. */
export async function takeOver({ port }: { port: number }, rounds: number): Promise<TakeOvers> {
  const file = someBytes(PART_BYTES * (rounds + 2));
  const id = crypto.randomUUID();
  using connections = new DisposableStack();
  let offset = 0;

  async function hang(): Promise<RawConnection> {
    const connection = connections.use(await connect(port));
    const rest = { "X-Start-Byte": offset, "X-File-Size": file.length, "Content-Length": file.length - offset };
    await connection.send(postHead(id, rest));
    await connection.send(file.subarray(offset, offset += PART_BYTES));
    return connection;
  }
  const done: TakeOvers = { told: [], times: [] };
  let hanging = await hang();
  for (let round = 1; round <= rounds; round++) {
    const start = performance.now();
    const next = await hang();
    const { status, headers } = await hanging.answer();
    done.times.push(performance.now() - start);
    done.told.push([status, headers.get("upload-offset")]);
    hanging = next;
  }
  return done;
}
