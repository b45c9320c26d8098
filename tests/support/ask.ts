import type { TestApp } from "./pawl.ts";

export type SentHeaders = Readonly<Record<string, string>>;

/** The answer to a request, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a request, such as `GET /files/`, from `address` if there is one. A text as body has its length in the head. */
export async function ask(
  { app }: Pick<TestApp, "app">,
  line: string,
  headers: SentHeaders = {},
  { body, address }: { body?: BodyInit; address?: string } = {},
): Promise<Answer> {
  const [method = "", path = ""] = line.split(" ");
  const length: SentHeaders = typeof body === "string"
    ? { "Content-Length": String(new TextEncoder().encode(body).length) }
    : {};
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: { ...length, ...headers },
    body: body ?? null,
  });
  const connection = address === undefined ? undefined : {
    remoteAddr: { transport: "tcp", hostname: address, port: 1 } as const,
    completed: Promise.resolve(),
  };
  const response = await app(request, connection);
  return { status: response.status, headers: response.headers, text: await response.text() };
}
