/**
 * Errors on their way between threads. Two functions are sent to the threads as
 * text, so each stands on its own.
 *
 * @module
 */

/** An error on its way between threads. */
export interface ErrorImage {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly isDomException: boolean;
  /** The cause, if it has one. */
  readonly cause: Thrown | undefined;
  /** The errors of an `AggregateError`. */
  readonly errors: readonly Thrown[] | undefined;
  /** What else it says of itself: `code`, `errno`. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Whatever was thrown. */
export type Thrown = { readonly error: ErrorImage } | {
  readonly value: unknown;
};

/** The error for what cannot be copied: the runtime has several classes. */
export function cloneError(error: unknown): DOMException {
  return new DOMException((error as Error).message, "DataCloneError");
}

/** Calls `post` with what can be cloned of what was thrown. */
export function postThrown(
  thrown: unknown,
  post: (image: Thrown) => void,
): void {
  const MOST_CAUSES = 8;

  function imageOf(thrown: unknown, depth: number): Thrown {
    if (!(thrown instanceof Error)) return { value: thrown };
    const { name, message, stack, cause } = thrown;
    const type = thrown.constructor?.name;
    const properties: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(thrown)) {
      const isPlain = value === null || typeof value !== "object" &&
          typeof value !== "function" && typeof value !== "symbol";
      if (isPlain && key !== "name") properties[key] = value;
    }
    const inner = depth < MOST_CAUSES && cause !== undefined;
    return {
      error: {
        name: name === "Error" && type ? type : name,
        message,
        stack,
        isDomException: thrown instanceof DOMException,
        cause: inner ? imageOf(cause, depth + 1) : undefined,
        errors: thrown instanceof AggregateError && depth < MOST_CAUSES
          ? thrown.errors.map((error) => imageOf(error, depth + 1))
          : undefined,
        properties,
      },
    };
  }

  /** What is left of an error, or its cause, that cannot be cloned. */
  function textOf(thrown: unknown): Error {
    const text = new Error(String(thrown));
    if (!(thrown instanceof Error)) return text;
    text.name = thrown.name;
    text.message = thrown.message;
    if (thrown.stack !== undefined) text.stack = thrown.stack;
    return text;
  }

  try {
    post(imageOf(thrown, 0));
  } catch {
    post(imageOf(textOf(thrown), 0));
  }
}

/**
 * What was thrown in another thread: an error of the same class, if it is one
 * that every thread knows, with the name, message and stack that it had.
 */
export function rethrown(thrown: Thrown): unknown {
  function errorOf(image: ErrorImage): Error {
    const error = construct(image);
    const { stack, cause, properties } = image;
    if (error.name !== image.name) define(error, "name", image.name);
    define(error, "stack", stack);
    if (cause !== undefined) define(error, "cause", valueOf(cause));
    return Object.assign(error, properties);
  }

  function construct(image: ErrorImage): Error {
    const { name, message, errors } = image;
    if (image.isDomException) return new DOMException(message, name);
    if (errors !== undefined) {
      return new AggregateError(errors.map(valueOf), message);
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

  function valueOf(thrown: Thrown): unknown {
    return "error" in thrown ? errorOf(thrown.error) : thrown.value;
  }

  return valueOf(thrown);
}
