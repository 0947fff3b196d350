/** @module */

/**
 * An error of the same class that also says what failed. Its stack has the code that
 * waited, where that of the runtime's own error ends in the runtime.
 */
export function named(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AggregateError) {
    return error;
  }
  const type = error.constructor as ErrorConstructor;
  const named = new type(`${what}: ${error.message}`, { cause: error });
  const { code } = error as { code?: unknown };
  return code === undefined ? named : Object.assign(named, { code });
}
