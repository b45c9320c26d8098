import { assert } from "@std/assert";
import { Buffer } from "node:buffer";
import type { ByteStore, PlacedFile, UnfinishedFile } from "../../server/storage/store.ts";
import { someBytes } from "./bytes.ts";

/** The content of most files. */
export const content = someBytes(100);

/** A file, made where there is none. */
export async function opened(bytes: ByteStore, id: string): Promise<UnfinishedFile> {
  const appender = await bytes.open(id) ?? await bytes.create(id);
  assert(typeof appender === "object");
  return appender;
}

/** Gives what the file is known by. */
export async function append(bytes: ByteStore, id: string, content: Uint8Array, modifiedAt?: number): Promise<string> {
  await using appender = await opened(bytes, id);
  await appender.write(content);
  await appender.flush();
  return await appender.seal(modifiedAt);
}

/** A finished file of `content`. */
export function fileOf(id: string, path: string): PlacedFile {
  return { id, path, length: content.length };
}

/** Reads a finished file; `undefined` where it is not there. */
export async function read(bytes: ByteStore, placed: PlacedFile): Promise<Uint8Array | undefined> {
  const file = await bytes.openFinished(placed);
  return file && await collect(file.read());
}

/** Both, one behind the other. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([first, second]));
}

/** Reads all of a stream, whose pieces are valid until the next one is read only. */
export async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece.slice());
  return Uint8Array.from(Buffer.concat(pieces));
}
