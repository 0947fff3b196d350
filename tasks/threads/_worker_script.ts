/**
 * The program that runs in every worker thread: a function that is sent there
 * as text, so it stands on its own and imports nothing from here.
 *
 * @module
 */

/** What a worker is asked to do. */
export interface Job {
  /** For messages: the name of the function. */
  readonly name: string;
  /** The text of a self-contained function, */
  readonly source?: string;
  /** or the URL of a module that exports {@linkcode name}. */
  readonly module?: string;
  readonly args: readonly unknown[];
}

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

/**
 * What a worker answers; marked, as the function may post messages of its own.
 * Crashed: what was thrown came from no call, or from beside it.
 */
export type Answer =
  & { readonly asyncio: true }
  & (
    | { readonly state: "done"; readonly value: unknown }
    | { readonly state: "failed" | "crashed"; readonly thrown: Thrown }
  );

function program(): void {
  type Anything = (...args: readonly unknown[]) => unknown;
  const functions = new Map<string, Anything>();

  function evaluated(source: string): Anything {
    try {
      return (0, eval)(`(${source})`);
    } catch (error) {
      // The text of a method is one in an object only.
      let methods;
      try {
        methods = (0, eval)(`({ ${source} })`);
      } catch {
        throw error;
      }
      const [method] = Reflect.ownKeys(methods);
      return methods[method!];
    }
  }

  function evaluate(source: string): Anything {
    let found = functions.get(source);
    if (found === undefined) {
      found = evaluated(source);
      functions.set(source, found);
    }
    return found;
  }

  async function find(job: Job): Promise<Anything> {
    if (job.module === undefined) return evaluate(job.source!);
    const found = (await import(job.module))[job.name];
    if (typeof found === "function") return found;
    throw new TypeError(
      `${job.module} exports no function ${JSON.stringify(job.name)}`,
    );
  }

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
    const inner = depth < 8 && cause !== undefined;
    return {
      error: {
        name: name === "Error" && type ? type : name,
        message,
        stack,
        isDomException: thrown instanceof DOMException,
        cause: inner ? imageOf(cause, depth + 1) : undefined,
        errors: thrown instanceof AggregateError && depth < 8
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

  async function start(): Promise<void> {
    const { parentPort } = await import("node:worker_threads");
    const { default: process } = await import("node:process");
    const answer = (message: Answer) => parentPort!.postMessage(message);

    function tell(state: "failed" | "crashed", thrown: unknown): void {
      try {
        answer({ asyncio: true, state, thrown: imageOf(thrown, 0) });
      } catch {
        answer({ asyncio: true, state, thrown: imageOf(textOf(thrown), 0) });
      }
    }

    parentPort!.on("message", async (job: Job) => {
      try {
        const found = await find(job);
        const value = await found(...job.args);
        answer({ asyncio: true, state: "done", value });
      } catch (error) {
        tell("failed", error);
      }
    });
    process.on("uncaughtException", (error) => tell("crashed", error));
    process.on("unhandledRejection", (error) => tell("crashed", error));
  }

  start();
}

/** The text of the program. */
export const SCRIPT: string = `(${program})()`;
