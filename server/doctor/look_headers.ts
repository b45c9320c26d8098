import { compressible, digestField } from "./bytes.ts";
import type { Answer } from "./message.ts";
import { metBy, wordsOf } from "./met.ts";
import type { Met, Observations } from "./observations.ts";
import { type Ask, locationOf, type Site } from "./site.ts";

/** The parts of {@linkcode Observations} that small requests tell. `path` is that of the finished file. */
export type HeadersSeen =
  & Pick<
    Observations,
    | "refusals"
    | "lostRequestHeaders"
    | "lostAnswerHeaders"
    | "tus"
    | "blockedMethods"
    | "unpacked"
    | "cached"
    | "chunked"
  >
  & { readonly path?: string; readonly refused?: Refused };

/** The answer to a small file that was not taken, and its first line. */
export interface Refused {
  readonly met: Met;
  readonly words: string;
}

/** Uploads small files by each protocol, and looks which headers and methods come through. */
export async function lookAtHeaders(site: Site): Promise<HeadersSeen> {
  const lostUp = new Set<string>();
  const lostDown = new Set<string>();
  const answerOf = async (ask: Ask): Promise<Answer | undefined> => {
    const outcome = await site.ask(ask);
    return outcome.kind === "answer" ? outcome.answer : undefined;
  };
  const post = (what: string, headers: Record<string, string>, bytes: Uint8Array) => {
    const own = site.uploadHeaders(what);
    return {
      method: "POST",
      path: "/upload",
      headers: { ...own, ...headers },
      body: { announced: bytes.length, pieces: [bytes] },
    };
  };

  const nameless = await answerOf({ method: "GET", path: "/status" });
  const refusals = refusalsBy(nameless);

  // Each of these headers changes the answer, so the answer tells whether it came.
  const two = new Uint8Array(2);
  const shorter = await answerOf(post("size", { "X-File-Size": "3" }, two));
  if (nameOf(shorter) === "No file id") lostUp.add("X-File-Id");
  if (shorter?.status === 200 && wordsOf(shorter).startsWith("Success")) lostUp.add("X-File-Size");
  if ((await answerOf(post("start", { "X-Start-Byte": "1" }, two)))?.status === 200) lostUp.add("X-Start-Byte");
  const wrong = await digestField(new Uint8Array(1));
  if ((await answerOf(post("digest", { "Repr-Digest": wrong }, two)))?.status === 200) lostUp.add("Repr-Digest");
  const unpacked = await answerOf(post("coding", { "Content-Encoding": "gzip" }, await gzipped(two)));

  const file = compressible(site.plan.fileBytes);
  const whole = post("file", { "X-File-Size": String(file.length), "Repr-Digest": await digestField(file) }, file);
  const before = await site.offsetOf(whole.headers["X-File-Id"]!);
  const outcome = await site.ask(whole);
  const sent = outcome.kind === "answer" ? outcome.answer : undefined;
  const after = await site.offsetOf(whole.headers["X-File-Id"]!);
  const isIn = sent?.status === 200 && wordsOf(sent) === `Success ${file.length}`;
  if (isIn) {
    for (const name of ["Upload-Offset", "Upload-Complete", "Location"]) {
      if (!sent.headers.has(name)) lostDown.add(name);
    }
  }
  const path = sent === undefined ? undefined : locationOf(sent.headers);

  const stream = post("chunked", {}, two);
  const chunked = metBy(await site.ask({ ...stream, body: { announced: "chunked", pieces: [two] } }));
  const byTus = await lookAtTus(site, { lostUp, lostDown });
  return {
    ...refusals !== undefined && { refusals },
    lostRequestHeaders: [...lostUp],
    lostAnswerHeaders: [...lostDown],
    ...byTus,
    unpacked: unpacked?.status === 200,
    cached: isIn && before === 0 && after === 0,
    chunked,
    ...isIn && path !== undefined && { path },
    ...!isIn && { refused: { met: metBy(outcome), words: sent === undefined ? "" : wordsOf(sent).split("\n")[0]! } },
  };
}

/** Uploads by tus, and gives the answer to its beginning, and the methods that do not come through. */
async function lookAtTus(site: Site, { lostUp, lostDown }: {
  readonly lostUp: Set<string>;
  readonly lostDown: Set<string>;
}): Promise<Pick<Observations, "tus" | "blockedMethods">> {
  const tus = { "Tus-Resumable": "1.0.0" };
  const names = site.uploadHeaders("tus");
  const metadata = { "Upload-Length": "2", "Upload-Metadata": `filename ${btoa(names["X-File-Name"]!)}` };
  const begun = await site.ask({ method: "POST", path: "/files/", headers: { ...tus, ...metadata } });
  const met = metBy(begun);
  const created = begun.kind === "answer" ? begun.answer : undefined;
  if (created?.headers.get("x-error") === "wrong-version") lostUp.add("Tus-Resumable");
  if (created?.status !== 201) return { tus: met };
  if (!created.headers.has("tus-resumable")) lostDown.add("Tus-Resumable");
  const path = locationOf(created.headers);
  if (path === undefined) {
    lostDown.add("Location");
    site.cannotRemove(names["X-File-Name"]!);
    return { tus: met };
  }
  const headers = { ...tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
  const body = { announced: 2, pieces: [new Uint8Array(2)] };
  const blocked: string[] = [];
  const looked = async (ask: Ask): Promise<Answer | undefined> => {
    const outcome = await site.ask(ask);
    const met = metBy(outcome);
    if (met.by === "other" && met.status >= 400) blocked.push(ask.method);
    return outcome.kind === "answer" ? outcome.answer : undefined;
  };
  const head = await looked({ method: "HEAD", path, headers: tus });
  if (head?.status === 200 && !head.headers.has("upload-offset")) lostDown.add("Upload-Offset");
  const patched = await looked({ method: "PATCH", path, headers, body });
  if (patched?.headers.get("x-error") === "bad-request" && /Upload-Offset/.test(wordsOf(patched))) {
    lostUp.add("Upload-Offset");
  }
  await looked({ method: "DELETE", path, headers: tus });
  return { tus: met, blockedMethods: blocked };
}

function nameOf(answer: Answer | undefined): string | undefined {
  return answer?.status === 400 ? wordsOf(answer) : undefined;
}

function refusalsBy(answer: Answer | undefined): Observations["refusals"] {
  if (answer === undefined) return undefined;
  if (answer.headers.has("x-error")) return "kept";
  return answer.status === 400 && wordsOf(answer) === "No file id" ? "nameless" : "replaced";
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return await new Response(ReadableStream.from([bytes]).pipeThrough(new CompressionStream("gzip"))).bytes();
}
