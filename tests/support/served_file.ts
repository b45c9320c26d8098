import { assertEquals } from "@std/assert";
import { simpleClient } from "./simple_client.ts";
import type { TestApp } from "./pawl.ts";

/** A finished file, and requests for it. */
export interface ServedFile {
  readonly path: string;
  ask(headers?: HeadersInit, method?: string): Promise<Served>;
}

/** An answer, read to its end. */
export interface Served {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Uploads a file to the app. */
export async function serveFile(
  { app }: Pick<TestApp, "app">,
  name: string,
  content: Uint8Array<ArrayBuffer> | string,
  headers: Record<string, string> = {},
): Promise<ServedFile> {
  const sent = await simpleClient(app).send(name, 0, content, {
    "X-File-Name": encodeURIComponent(name),
    ...headers,
  });
  assertEquals([name, sent.status], [name, 200]);
  const path = sent.headers.get("location")!;
  return {
    path,
    async ask(headers = {}, method = "GET") {
      const response = await app(new Request(`http://localhost${path}`, { method, headers }));
      return { status: response.status, headers: response.headers, bytes: await response.bytes() };
    },
  };
}
