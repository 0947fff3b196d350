/** @module */
import { withDeepStack } from "../../tasks/kernel/watch/user_frame.ts";

/**
 * An error of the same class that also says what failed. Its stack has the code that
 * waited, where that of the runtime's own error ends in the runtime.
 */
export function named(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AggregateError) {
    return error;
  }
  const type = error.constructor as ErrorConstructor;
  // The file system adds the call and its path, which may be a file of our own.
  const reason = error.message.replace(/: \w+ '.*'$/s, "");
  const named = withDeepStack(() =>
    new type(`${what}: ${reason}`, { cause: error })
  );
  const { code } = error as { code?: unknown };
  return code === undefined ? named : Object.assign(named, { code });
}
