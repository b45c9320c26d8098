/** A span that a collector got. */
export interface Span {
  readonly name: string;
  readonly id: string;
  /** The id of the span that it is a part of; empty for none. */
  readonly parent: string;
  /** `server` for a request that came, `client` for one that was sent. */
  readonly kind: "internal" | "server" | "client";
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

/** A collector of OpenTelemetry. */
export interface Collector extends AsyncDisposable {
  /** The variables of the environment that make Deno send to it. */
  readonly env: Record<string, string>;
  readonly spans: readonly Span[];
  /** All that came, logs and metrics too, as it came. */
  text(): string;
}

/** A span in OTLP's JSON. */
interface Sent {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code?: number };
}

const KINDS: Readonly<Record<number, Span["kind"]>> = { 2: "server", 3: "client" };

/** Starts a collector that takes OTLP over HTTP in JSON. */
export function startCollector(): Collector {
  const spans: Span[] = [];
  const texts: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const text = await request.text();
    texts.push(text);
    if (new URL(request.url).pathname === "/v1/traces") spans.push(...spansIn(text));
    return Response.json({});
  });
  return {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
    },
    spans,
    text: () => texts.join("\n"),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function spansIn(text: string): Span[] {
  const { resourceSpans }: { resourceSpans: { scopeSpans: { spans: Sent[] }[] }[] } = JSON.parse(text);
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)).map((span) => ({
    name: span.name,
    id: span.spanId,
    parent: span.parentSpanId,
    kind: KINDS[span.kind] ?? "internal",
    attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    isError: span.status.code === 2,
  }));
}
