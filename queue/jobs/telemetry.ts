/**
 * Metrics and traces through OpenTelemetry, by its conventions for messaging.
 * Nothing is loaded unless the program has set OpenTelemetry up, or runs with
 * `OTEL_DENO=true`.
 *
 * @module
 */
import type { Job } from "./job.ts";
import { QUEUE, type QueueName } from "./queue_name.ts";
import { LazyModule } from "../../tasks/kernel/wait/lazy_module.ts";

/** A queue that has a name. */
interface NamedQueue {
  readonly [QUEUE]?: QueueName;
}

/** The global variable in which OpenTelemetry's API keeps its providers. */
const GLOBAL = Symbol.for("opentelemetry.js.api.1");

function isOn(): boolean {
  return (globalThis as Record<symbol, unknown>)[GLOBAL] !== undefined;
}

/** Loaded once: afterwards puts have their effect in the order of the calls. */
const spans = new LazyModule(() => import("./_spans.ts"));

/** Calls `put` within a span, with the `traceparent` of the span. */
export function traced<R>(
  queue: object,
  id: string | undefined,
  put: (trace: string | undefined) => Promise<R>,
): Promise<R> {
  const name = isOn() ? (queue as NamedQueue)[QUEUE] : undefined;
  if (name === undefined) return put(undefined);
  return spans.use(({ tracedPut }) => tracedPut(name, id, put));
}

/** Calls a handler within a span that is linked to the spans of the puts. */
export function processed<J extends Job<unknown>, R>(
  queue: object,
  jobs: J[],
  handle: (jobs: J[]) => R,
): R | Promise<Awaited<R>> {
  const name = isOn() ? (queue as NamedQueue)[QUEUE] : undefined;
  if (name === undefined) return handle(jobs);
  return spans.use(({ tracedProcess }) =>
    tracedProcess(name, jobs, () => handle(jobs))
  );
}
