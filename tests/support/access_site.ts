import { type Answer, ask, type SentHeaders } from "./ask.ts";
import { openTestApp, type TestApp, type Wishes } from "./pawl.ts";
import { addTestToken, bearer } from "./tokens.ts";
import { tempDir } from "./temp_dir.ts";
import { testStore } from "./test_store.ts";

export type { Answer, SentHeaders };

/** A server to which several people send requests. Its clocks show `now`. */
export interface AccessSite extends AsyncDisposable {
  readonly pawl: TestApp;
  readonly data: string;
  /** The time in milliseconds, which a test sets. */
  now: number;
  /** The headers of a new token's holder. */
  token(wanted: Parameters<typeof addTestToken>[1]): Promise<{ Authorization: string }>;
  /** Sends a request, from `address` if there is one. */
  ask(line: string, headers?: SentHeaders, options?: { body?: string; address?: string }): Promise<Answer>;
  /** Sends a file by tus, and gives the path of its upload. */
  send(headers: SentHeaders, text: string, more?: SentHeaders, address?: string): Promise<string>;
}

/** Opens a server on a folder of its own, or on `wishes.data`. */
export async function openAccessSite(wishes: Wishes = {}): Promise<AccessSite> {
  await using open = new AsyncDisposableStack();
  const data = wishes.data ?? open.use(await tempDir()).path;
  if (wishes.data === undefined) open.defer(() => testStore().ended?.(data));
  const clock = { now: Date.now() };
  const pawl = open.use(await openTestApp({ data, now: () => clock.now, ...wishes }));
  const kept = open.move();
  const site: AccessSite = {
    pawl,
    data,
    get now() {
      return clock.now;
    },
    set now(ms) {
      clock.now = ms;
    },
    token: async (wanted) => bearer(await addTestToken(data, wanted)),
    ask: (line, headers, options) => ask(pawl, line, headers, options),
    async send(headers, text, more = {}, address) {
      const own = { "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", ...more };
      const sized = { "Upload-Length": String(text.length), ...own, ...headers };
      const { headers: told, status, text: why } = await site.ask("POST /files/", sized, {
        body: text,
        ...address !== undefined && { address },
      });
      if (status !== 201) throw new Error(`${status}: ${why}`);
      return told.get("location") ?? "";
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
  return site;
}
