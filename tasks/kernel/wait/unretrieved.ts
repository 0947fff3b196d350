/**
 * Errors of futures that were not retrieved. They are reported when the future
 * is garbage-collected or its run ends, unless they are retrieved before.
 *
 * A record holds the error and the message, but not the future, which could not
 * be collected otherwise.
 *
 * @module
 */
import { quoted } from "../watch/safe_text.ts";
import type { Loop } from "../loop/loop.ts";
import { madeAt } from "../watch/user_frame.ts";

/** A report that is made unless the error is retrieved. */
export interface Unretrieved {
  readonly loop: Loop;
  readonly message: string;
  readonly error: unknown;
  readonly kind: "task" | "future";
  readonly source: WeakRef<object>;
}

const records = new Set<Unretrieved>();
const registry = new FinalizationRegistry<Unretrieved>(report);
let reportsAtExit = false;

/** Notes that `source` has failed and its error was not retrieved yet. */
export function noteUnretrieved(
  loop: Loop,
  source: object,
  error: unknown,
  name: string | undefined,
): Unretrieved {
  const kind = name === undefined ? "future" : "task";
  const made = madeAt(source);
  const message = name === undefined
    ? "Future exception was never retrieved"
    : `Task exception was never retrieved: task ${quoted(name)}${
      made === undefined ? "" : `, made at ${made}`
    }`;
  const record: Unretrieved = {
    loop,
    message,
    error,
    kind,
    source: new WeakRef(source),
  };
  records.add(record);
  registry.register(source, record, record);
  if (!reportsAtExit) {
    reportsAtExit = true;
    // The default loop has no run that ends.
    globalThis.process.on("exit", () => reportUnretrieved());
  }
  return record;
}

/** Takes the report back, as the error was retrieved. */
export function forgetUnretrieved(record: Unretrieved): void {
  if (records.delete(record)) registry.unregister(record);
}

/** Reports the errors that were not retrieved, on `loop` or on all loops. */
export function reportUnretrieved(loop?: Loop): void {
  for (const record of [...records]) {
    if (loop === undefined || record.loop === loop) {
      report(record);
    }
  }
}

function report(record: Unretrieved): void {
  if (!records.has(record)) return;
  forgetUnretrieved(record);
  const { message, error } = record;
  record.loop.report({
    message,
    error,
    [record.kind]: record.source.deref(),
  });
}
