import { atAddress } from "./model_addresses.ts";
import { NOTHING, oldOnceCounted, type Outcome, type Said, seen, type World } from "./model_world.ts";

/** The largest file that the server of the model takes. */
export const MAX_BYTES = 2 ** 30;

/** The address at which uploads are begun that are known by their addresses. */
export const NEW = "/files/";

/** A request that sends bytes of a file. */
export interface Send {
  /** The instance of the server that it goes to. */
  readonly at: number;
  /**
   * The address that it goes to, where it means an upload by that (tus) and not by its client's id: it begins nothing,
   * but at {@linkcode NEW}, and its end need not be the file's.
   */
  readonly address: string | undefined;
  /** It goes to that address by the IETF's protocol, in which an upload ends that cannot become its file. */
  readonly byIetf: boolean;
  readonly file: number;
  readonly start: number;
  /** The length of the whole file, as it tells it. */
  readonly size: number | undefined;
  readonly bytes: number;
  /** Without a `Content-Length`. */
  readonly chunked: boolean;
  readonly bodyDigest: "none" | "right" | "wrong";
  /** The length of the file that its `Repr-Digest` is of; -1 for a digest of other bytes. */
  readonly digestOf: number | undefined;
}

/** A request whose body comes whole. */
export function send(world: World, request: Send): Outcome[] {
  const { address } = request;
  if (address === undefined || address === NEW) return sendOn(world, request);
  return atAddress(world, address, (upload) => sendOn(upload, request));
}

function sendOn(world: World, request: Send): Outcome[] {
  const { start } = request;
  if (startsOver(world, request)) return receive(begin(world, request), request, { world, ofRequest: true });
  const at = { ...quiet(world), least: start, most: start, old: oldOnceCounted(world) };
  const came = world.writer?.came;
  const isBehind = came !== undefined && start < came;
  const accepted = mayBeAt(world, start) ? receive(at, request, { world: at }) : [];
  return [
    ...isBehind ? accepted.map((outcome) => ({ ...outcome, soonFrom: Infinity })) : accepted,
    ...isAt(world, start) ? [] : [{ says: "400 Wrong start byte: #", world: quiet(world), not: start, soonFrom: came }],
  ];
}

/** How a whole body is answered that starts where the server's bytes end; `refused` is what a refused one leaves. */
function receive(at: World, request: Send, refused: Pick<Outcome, "world" | "ofRequest">): Outcome[] {
  const why = refusal(at, request);
  if (why !== undefined) {
    return endsPastLength(at, request)
      ? [{ says: "400 The file got more…", world: over(at) }]
      : [{ says: why, ...refused }];
  }
  const { length, digestOf } = told(at, request);
  const count = request.start + request.bytes;
  // A client that was told no address can go on with nothing.
  const back = (says: string) => request.address === NEW ? [{ says, ...refused }] : takenBack(says, at, request);
  if (length !== undefined && count > length) {
    return endsPastLength(at, request)
      ? [{ says: "400 The file got more…", world: over(at) }]
      : back("400 More bytes…");
  }
  if (at.finished) return [{ says: "200 Success #", world: at }];
  if (request.bodyDigest === "wrong") return back("400 The body does not…");
  const total = length ?? (request.size === undefined && request.address === undefined ? count : undefined);
  const old = request.bytes > 0 || begins(request) ? "no" : "maybe";
  const next: World = { ...at, least: count, most: count, length: total, digestOf, old };
  if (count !== total) return [{ says: "200 #", world: next }];
  if (digestOf !== undefined && digestOf !== count) {
    const isOver = request.byIetf && request.address !== NEW;
    return isOver ? [{ says: "400 The file does not…", world: over(at) }] : back("400 The whole file…");
  }
  return [{ says: "200 Success #", world: { ...next, finished: true } }];
}

/** True for bytes past the known length by which the upload itself ends. */
function endsPastLength(at: World, { byIetf, address, start, size, bytes }: Send): boolean {
  const length = size ?? at.length;
  const isSame = at.length === undefined || length === at.length;
  return byIetf && address !== NEW && !at.finished && isSame && length !== undefined && length >= start &&
    length <= MAX_BYTES && start + bytes > length;
}

/** The world when the upload has ended. */
function over({ earlier }: World): World {
  return { ...NOTHING, earlier };
}

/** The body is as if it had not come; what its request told of the file may be kept. */
function takenBack(says: string, at: World, request: Send): Outcome[] {
  if (at.finished) return [{ says, world: at }];
  // That somebody was there may count, or not.
  const old = begins(request) ? "no" : "maybe";
  return [at, told(at, request)].map((world) => ({ says, world: { ...world, old } }));
}

/** Why a request is refused before its body is read, if it is. */
function refusal(at: World, request: Send): string | undefined {
  const { start, bytes, chunked } = request;
  const { length } = told(at, request);
  if (length === undefined) return undefined;
  if (at.length !== undefined && length !== at.length) return "400 The file was…";
  if (length < start) return "400 More bytes…";
  if (length > MAX_BYTES) return "413 The file is larger…";
  return !chunked && start + bytes > length ? "400 More bytes…" : undefined;
}

/**
 * The worlds after a request that has reached the server, but of whose body only `bytes` bytes came, and not its end.
 * `open` says that it is known to hold the upload.
 */
export function interrupted(world: World, request: Send, bytes: number, open = false): World[] {
  const { start, at: instance } = request;
  if (isElsewhere(world, request)) return [world];
  const isOver = startsOver(world, request);
  // Refused or not, it holds the upload for a moment, and so may the request before it.
  const refused: World = { ...world, writer: { before: world, open: false, at: instance } };
  // A small file that has not come whole may not have begun anew yet, and then never does where another request comes.
  const elsewhere = !isOver && isAt(world, start) ? [] : [refused];
  if (!isOver && !mayBeAt(world, start)) return elsewhere;
  const at = isOver ? begin(world, request) : { ...world, least: start, most: start };
  // Its answer is lost, and it may have ended the upload.
  const ends = endsPastLength(at, request) ? [over(at)] : [];
  if (refusal(at, request) !== undefined) return [...elsewhere, ...ends, isOver ? world : refused];
  const writer = { before: world, open, at: instance };
  if (at.finished) return [...elsewhere, { ...at, writer }];
  const most = Math.min(start + bytes, told(at, request).length ?? Infinity);
  const begun: World = { ...at, most, writer: { ...writer, came: open ? most : undefined }, old: "maybe" };
  // The facts that the request announces are recorded with its bytes, or lost with the server.
  return [...elsewhere, ...ends, begun, told(begun, request)];
}

/** How a request is answered of whose body only `bytes` bytes came, and not its end; `says` is how that is told. */
export function broken(world: World, request: Send, bytes: number, says: string): Outcome[] {
  const refused = send(world, request).filter((outcome) => !outcome.says.startsWith("200 "));
  return [
    ...refused,
    ...interrupted(world, request, bytes).map((after) => ({
      says,
      world: quiet(after),
      ...isElsewhere(world, request) && { ofRequest: true as const },
    })),
  ];
}

/** The worlds after two requests, each with its answer; the second may have taken the upload from the first. */
export function inTurn(world: World, [first, said]: [Send, Said], [second, saidThen]: [Send, Said]): World[] {
  // Where two instances begin an upload at the same moment, one may be at its record when the other makes its file. Its
  // client is told to try again, and nothing of it stays.
  const isLate = first.at !== second.at && begins(first);
  const late = isLate ? broken(world, first, 0, "423 Another server process…") : [];
  return [...send(world, first), ...broken(world, first, first.bytes, "409 Another request…"), ...late]
    .flatMap((outcome) => seen(outcome, said) ?? [])
    .flatMap((after) => send(after, second))
    .flatMap((outcome) => seen(outcome, saidThen) ?? []);
}

/** `GET /status`: finishes what has all its bytes, but may leave that to the next request where there is a digest. */
export function status(world: World): Outcome[] {
  const whole = finishedByItself(world);
  const most = whole.length === 0 || world.digestOf !== undefined
    ? world.most
    : Math.min(world.most, whole[0].most - 1);
  const unfinished = most < world.least ? [] : [{ ...quiet(world), most }];
  return [...whole, ...unfinished].map((after) => ({ says: "200 #", world: after, soonFrom: world.writer?.came }));
}

/** `HEAD` of an address: finishes what has all its bytes, even where there is a digest. */
export function statusAt(world: World, address: string): Outcome[] {
  return atAddress(world, address, (upload) => {
    const { length, least, writer } = upload;
    const soonFrom = writer?.came;
    if (upload.finished || length === undefined || !mayBeAt(upload, length)) {
      return [{ says: "200 #", world: quiet(upload), soonFrom }];
    }
    const whole = finishedByItself(upload).map((world) => ({ says: "200 #", world }));
    const wrong = { says: "460 to HEAD", world: { ...quiet(upload), least: length, most: length } };
    const less = { says: "200 #", world: { ...quiet(upload), most: length - 1 }, soonFrom };
    return [...whole.length > 0 ? whole : [wrong], ...least < length ? [less] : []];
  });
}

/** `DELETE /upload`. */
export function terminate(world: World): Outcome[] {
  if (world.file === undefined) return [{ says: "404 No upload…", world }];
  if (world.finished) return [{ says: "409 This upload is finished…", world }];
  return [{ says: "204 ", world: { ...NOTHING, earlier: world.earlier } }];
}

/** `DELETE` of an upload's own address. */
export function remove(world: World, location: string): Outcome[] {
  if (world.location === location) return [{ says: "204 ", world: { ...NOTHING, earlier: world.earlier } }];
  const earlier = world.earlier.filter((file) => file.location !== location);
  if (earlier.length < world.earlier.length) return [{ says: "204 ", world: { ...world, earlier } }];
  return [{ says: "404 No such upload…", world }, { says: "410 This upload…", world }];
}

/**
 * The worlds when more than half of the time has passed that unfinished uploads are kept, or `all` of it, and what is
 * past its time is removed: what has had no byte for so long, and has nobody who writes to it.
 */
export function timePasses(world: World, all: boolean): World[] {
  const { file, finished, old, writer } = world;
  if (file === undefined || finished) return [world];
  const stays: World = { ...world, old: writer === undefined ? "yes" : "maybe" };
  const gone = { ...NOTHING, earlier: world.earlier };
  if (writer?.open || !all && old === "no") return [stays];
  return writer !== undefined || !all && old === "maybe" ? [stays, gone] : [gone];
}

/** The worlds after a new start of an instance. */
export function restart(world: World, at: number): World[] {
  const { writer } = world;
  if (writer !== undefined && writer.at !== at) return writer.open ? [world] : [world, ...restart(writer.before, at)];
  const unbegun = writer === undefined ? [] : restart(writer.before, at);
  return [quiet(world), ...finishedByItself(world), ...unbegun];
}

/** The world when nobody writes to the upload. */
export function quiet(world: World): World {
  return { ...world, writer: undefined };
}

function mayBeAt({ least, most }: World, start: number): boolean {
  return least <= start && start <= most;
}

function isAt({ least, most }: World, start: number): boolean {
  return least === start && most === start;
}

/** A request to no address begins a new upload from byte 0. */
function begins({ start, address }: Send): boolean {
  return address === NEW || start === 0 && address === undefined;
}

/** True for a request to another address than the upload has. */
function isElsewhere({ location }: World, { address }: Send): boolean {
  return address !== undefined && address !== NEW && address !== location;
}

/** From byte 0 a new upload begins, unless an empty file that is finished is sent again. */
function startsOver({ finished, least }: World, request: Send): boolean {
  const { address, size, bytes, chunked } = request;
  const isEmpty = (size ?? (chunked ? undefined : bytes)) === 0;
  return begins(request) && (address === NEW || !(finished && least === 0 && isEmpty));
}

function begin({ file, finished, length, location, instead, earlier }: World, request: Send): World {
  const done = finished && file !== undefined && length !== undefined ? [{ file, length, location }] : [];
  const fresh = { ...NOTHING, file: request.file, instead: location ?? instead, earlier: [...earlier, ...done] };
  return told(fresh, request);
}

/** The state of the upload once the request has announced its facts. */
function told(at: World, { address, start, size, bytes, chunked, digestOf }: Send): World {
  const length = size ?? (address !== undefined || chunked || at.finished ? at.length : start + bytes);
  return { ...at, length, digestOf: digestOf ?? at.digestOf };
}

/** The upload as the server finishes it when it looks and all bytes are there. */
function finishedByItself(world: World): [] | [World] {
  const { length, digestOf, finished } = world;
  if (finished || length === undefined || !mayBeAt(world, length)) return [];
  return digestOf === undefined || digestOf === length
    ? [{ ...quiet(world), least: length, most: length, finished: true }]
    : [];
}
