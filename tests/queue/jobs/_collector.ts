/** A collector of telemetry, on loopback. @module */

// deno-lint-ignore no-explicit-any -- JSON of OpenTelemetry's protocol
type Json = any;

/** A span, as far as tests look at it. */
export interface SeenSpan {
  readonly name: string;
  readonly kind: number;
  readonly id: string;
  readonly links: string[];
  readonly attributes: Record<string, unknown>;
  readonly failed: boolean;
}

/** Keeps what programs send to it. */
export class Collector implements AsyncDisposable {
  readonly spans: SeenSpan[] = [];
  /** The sums and counts of metrics, by name and operation. */
  readonly metrics = new Map<string, number>();
  /** The upper bounds of the buckets of histograms, by name. */
  readonly bounds = new Map<string, number[]>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const body = await request.json();
        if (request.url.endsWith("/v1/traces")) this.#addSpans(body);
        if (request.url.endsWith("/v1/metrics")) this.#addMetrics(body);
        return new Response("{}");
      },
    );
  }

  /** What a program needs to send its telemetry here. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
    };
  }

  #addSpans({ resourceSpans }: Json): void {
    for (const { scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) {
        for (const span of spans) {
          this.spans.push({
            name: span.name,
            kind: span.kind,
            id: span.spanId,
            links: (span.links ?? []).map((it: Json) => it.spanId),
            attributes: attributesOf(span),
            failed: span.status?.code === 2,
          });
        }
      }
    }
  }

  #addMetrics({ resourceMetrics }: Json): void {
    for (const { scopeMetrics } of resourceMetrics) {
      for (const { metrics } of scopeMetrics) {
        for (const { name, sum, histogram } of metrics) {
          const bounds = histogram?.dataPoints[0]?.explicitBounds;
          if (bounds !== undefined) this.bounds.set(name, bounds);
          for (const point of (sum ?? histogram)?.dataPoints ?? []) {
            const attributes = attributesOf(point);
            const key = `${name} ${attributes["messaging.operation.name"]}`;
            const value = Number(point.asInt ?? point.asDouble ?? point.count);
            this.metrics.set(key, (this.metrics.get(key) ?? 0) + value);
          }
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function attributesOf({ attributes = [] }: Json): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }: Json) => [key, Object.values(value)[0]]),
  );
}
