import { setTimeout as wait } from "node:timers/promises";

// A thread of its own: what people's bytes keep the generator busy with must not count as the server's time.

/** One answer: what was asked, when, and how long it took, in milliseconds since 1970 and milliseconds. */
export interface Asked {
  readonly what: string;
  readonly begunAt: number;
  readonly ms: number;
}

/** How long it rests between two questions. */
const REST_MS = 150;

/** A question without an answer in this time counts with it. */
const LONGEST_MS = 10_000;

/** What the thread has of its own: the types of a worker are not those of all other files. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ url: string; location: string }>) => void;
  postMessage(asked: Asked): void;
};

thread.onmessage = ({ data: { url, location } }) => {
  const status = () => new Request(`${url}/status`, { headers: { "X-File-Id": "soak-asked" } });
  // Each by itself: a slow answer to one must not make the others rare.
  ask("GET /status", status);
  ask("GET /healthz", () => new Request(`${url}/healthz`));
  ask("HEAD /files/<id>", () => new Request(url + location, { method: "HEAD" }));
};

async function ask(what: string, request: () => Request): Promise<never> {
  for (;;) {
    const begunAt = Date.now();
    const from = performance.now();
    const late = AbortSignal.timeout(LONGEST_MS);
    try {
      const response = await fetch(request(), { signal: late });
      await response.body?.cancel();
      if (response.ok) thread.postMessage({ what, begunAt, ms: performance.now() - from });
    } catch {
      // Nobody listens between two lives of the server. A server that hangs is another thing.
      if (late.aborted) thread.postMessage({ what, begunAt, ms: LONGEST_MS });
    }
    await wait(REST_MS);
  }
}
