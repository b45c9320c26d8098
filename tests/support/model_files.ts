import { Source } from "./sources.ts";

/** Files differ at every byte: a byte of another file, or in another place, is a wrong byte. */
export function sourceOf(file: number, length: number): Source {
  return new Source(length, file * 70_001);
}

/** No part of any file has these bytes. */
export const OTHER = new TextEncoder().encode("the bytes of another file");
