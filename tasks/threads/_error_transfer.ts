/** Errors that come from another thread. @module */
import type { ErrorImage, Thrown } from "./_worker_script.ts";

/** What was thrown there, made anew here. */
export function rethrown(thrown: Thrown): unknown {
  return "error" in thrown ? errorOf(thrown.error) : thrown.value;
}

/**
 * An error of the same class, where this is one that every thread knows; with
 * the name, message and stack that it had.
 */
function errorOf(image: ErrorImage): Error {
  const error = construct(image);
  const { stack, cause, properties } = image;
  if (error.name !== image.name) define(error, "name", image.name);
  define(error, "stack", stack);
  if (cause !== undefined) define(error, "cause", rethrown(cause));
  return Object.assign(error, properties);
}

function construct(image: ErrorImage): Error {
  const { name, message, errors } = image;
  if (image.isDomException) return new DOMException(message, name);
  if (errors !== undefined) {
    return new AggregateError(errors.map(rethrown), message);
  }
  const type = wellKnown(name);
  return type === undefined ? new Error(message) : new type(message);
}

function wellKnown(name: string): ErrorConstructor | undefined {
  const runtime = "Deno" in globalThis ? Deno.errors : {};
  for (const space of [globalThis, runtime] as Record<string, unknown>[]) {
    const type = Object.hasOwn(space, name) ? space[name] : undefined;
    if (typeof type === "function" && type.prototype instanceof Error) {
      return type as ErrorConstructor;
    }
  }
  return undefined;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    configurable: true,
    writable: true,
  });
}
