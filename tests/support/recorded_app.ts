import type { App } from "../../server/http/app.ts";

/** The headers that an app has read from requests and written into answers, in small letters. */
export interface Recorded {
  readonly read: Set<string>;
  readonly written: Set<string>;
  /** Sends a request, and gives its answer. */
  ask(line: string, headers?: Record<string, string>, body?: BodyInit): Promise<Response>;
}

export function recordedApp(app: App): Recorded {
  const read = new Set<string>();
  const written = new Set<string>();
  return {
    read,
    written,
    async ask(line, headers = {}, body) {
      const [method = "", path = ""] = line.split(" ");
      const request = new Request(`http://localhost${path}`, {
        method,
        headers: { Host: "localhost", ...headers },
        body: body ?? null,
      });
      const own = request.headers;
      Object.defineProperty(request, "headers", {
        value: new Proxy(own, {
          get(target, key) {
            const value = Reflect.get(target, key);
            if (typeof value !== "function") return value;
            if (key !== "get" && key !== "has") {
              throw new Error(`A handler reads headers by ${String(key)}(): which of them, nothing tells`);
            }
            return (name: string) => {
              read.add(name.toLowerCase());
              return value.call(target, name);
            };
          },
        }),
      });
      const response = await app(request);
      for (const name of response.headers.keys()) written.add(name);
      await response.body?.cancel();
      return response;
    },
  };
}
