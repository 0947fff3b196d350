/**
 * Errors on their way between threads. Two functions are sent to the threads as
 * text, so each uses nothing outside of it.
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
  /** Its other properties: `code`, `errno`. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What was thrown: an error, or any other value. */
export type Thrown = { readonly error: ErrorImage } | {
  readonly value: unknown;
};

/**
 * Returns the error for what cannot be copied: runtimes throw several classes.
 */
export function cloneError(error: unknown): DOMException {
  const { message, name } = error as Error;
  const failure = new DOMException(message, "DataCloneError");
  if (name === failure.name) return failure;
  // An error of a getter among the values.
  return Object.defineProperty(failure, "cause", {
    value: error,
    configurable: true,
    writable: true,
  });
}

/** Calls `post` with an image of what was thrown that can be cloned. */
export function postThrown(
  thrown: unknown,
  post: (image: Thrown) => void,
): void {
  const MAX_DEPTH = 8;

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
    const hasCause = depth < MAX_DEPTH && cause !== undefined;
    return {
      error: {
        name: name === "Error" && type ? type : name,
        message,
        stack,
        isDomException: thrown instanceof DOMException,
        cause: hasCause ? imageOf(cause, depth + 1) : undefined,
        errors: thrown instanceof AggregateError && depth < MAX_DEPTH
          ? thrown.errors.map((error) => imageOf(error, depth + 1))
          : undefined,
        properties,
      },
    };
  }

  /** Returns the text of an error that cannot be cloned, if it has one. */
  function textOf(thrown: unknown): Error {
    try {
      return copyOf(thrown);
    } catch {
      return new Error("an error that cannot be read");
    }
  }

  function copyOf(thrown: unknown): Error {
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
 * Returns what was thrown in another thread. An error has the name, message and
 * stack that it had, and its class if that is a global one.
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
