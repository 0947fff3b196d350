/** Spans and metrics: loaded only if OpenTelemetry is set up. @module */
import {
  type Attributes,
  context,
  type Counter,
  type Histogram,
  type Link,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "npm:@opentelemetry/api@1.9.0";
import { reasonText } from "./codec.ts";
import { HeldJob } from "./held_job.ts";
import type { Job } from "./job.ts";
import type { QueueName } from "./queue_name.ts";

const SCOPE = "@asyncio/asyncio/queue/jobs";

/** The buckets of durations, in seconds, as the conventions have them. */
const DURATIONS = {
  unit: "s",
  advice: {
    explicitBucketBoundaries: [
      0.005,
      0.01,
      0.025,
      0.05,
      0.075,
      0.1,
      0.25,
      0.5,
      0.75,
      1,
      2.5,
      5,
      7.5,
      10,
    ],
  },
};

interface Instruments {
  readonly sent: Counter;
  readonly consumed: Counter;
  readonly putDuration: Histogram;
  readonly processDuration: Histogram;
}

let made: Instruments | undefined;

function instruments(): Instruments {
  if (made !== undefined) return made;
  const meter = metrics.getMeter(SCOPE);
  return made = {
    sent: meter.createCounter("messaging.client.sent.messages", {
      unit: "{message}",
      description: "Jobs that were put",
    }),
    consumed: meter.createCounter("messaging.client.consumed.messages", {
      unit: "{message}",
      description: "Jobs that were handed to a handler",
    }),
    putDuration: meter.createHistogram("messaging.client.operation.duration", {
      ...DURATIONS,
      description: "How long a put took",
    }),
    processDuration: meter.createHistogram("messaging.process.duration", {
      ...DURATIONS,
      description: "How long a handler took",
    }),
  };
}

/** Calls `put` within a span. */
export async function tracedPut<R>(
  queue: QueueName,
  id: string | undefined,
  put: (trace: string | undefined) => Promise<R>,
): Promise<R> {
  const attributes = attributesOf(queue, "put", "send");
  const span = trace.getTracer(SCOPE).startSpan(`put ${queue.name}`, {
    kind: SpanKind.PRODUCER,
    attributes: id === undefined
      ? attributes
      : { ...attributes, "messaging.message.id": id },
  });
  const { sent, putDuration } = instruments();
  const started = performance.now();
  try {
    const within = trace.setSpan(context.active(), span);
    const result = await context.with(within, () => put(parentOf(span)));
    sent.add(1, attributes);
    return result;
  } catch (error) {
    throw noted(span, attributes, error);
  } finally {
    putDuration.record((performance.now() - started) / 1000, attributes);
    span.end();
  }
}

/** Calls a handler within a span. */
export async function tracedProcess<R>(
  queue: QueueName,
  jobs: Job<unknown>[],
  handle: () => R,
): Promise<Awaited<R>> {
  const attributes = attributesOf(queue, "process", "process");
  const [first] = jobs;
  const span = trace.getTracer(SCOPE).startSpan(`process ${queue.name}`, {
    kind: SpanKind.CONSUMER,
    attributes: jobs.length === 1
      ? { ...attributes, "messaging.message.id": first!.id }
      : { ...attributes, "messaging.batch.message_count": jobs.length },
    links: jobs.flatMap(linkTo),
  });
  const { consumed, processDuration } = instruments();
  consumed.add(jobs.length, attributes);
  const started = performance.now();
  try {
    const within = trace.setSpan(context.active(), span);
    return await context.with(within, handle);
  } catch (error) {
    throw noted(span, attributes, error);
  } finally {
    processDuration.record((performance.now() - started) / 1000, attributes);
    span.end();
  }
}

function attributesOf(
  { system, name }: QueueName,
  operation: string,
  type: string,
): Attributes {
  return {
    "messaging.system": system,
    "messaging.destination.name": name,
    "messaging.operation.name": operation,
    "messaging.operation.type": type,
  };
}

/** Notes the error in `span` and `attributes`, and returns it. */
function noted(span: Span, attributes: Attributes, error: unknown): unknown {
  const type = error instanceof Error ? error.name : typeof error;
  attributes["error.type"] = type;
  span.setAttribute("error.type", type);
  span.setStatus({
    code: SpanStatusCode.ERROR,
    message: error instanceof Error ? error.message : reasonText(error),
  });
  return error;
}

/** The `traceparent` of a span, in the format of W3C Trace Context. */
function parentOf(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!span.isRecording()) return undefined;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

const PARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

function linkTo(job: Job<unknown>): Link[] {
  const parent = job instanceof HeldJob ? job.trace : undefined;
  const found = parent === undefined ? null : PARENT.exec(parent);
  if (found === null) return [];
  const [, traceId, spanId, flags] = found;
  return [{
    context: {
      traceId: traceId!,
      spanId: spanId!,
      traceFlags: parseInt(flags!, 16) & TraceFlags.SAMPLED,
      isRemote: true,
    },
  }];
}
