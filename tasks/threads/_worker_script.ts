/**
 * The program of the worker threads: a function that is sent there as text, so
 * it uses nothing outside of it.
 *
 * @module
 */
import { postThrown, rethrown, type Thrown } from "./_error_transfer.ts";

/** What a worker has to do. */
export interface Job {
  /** For messages: the name of the function. */
  readonly name: string;
  /** The text of a self-contained function, */
  readonly source?: string;
  /** or the URL of a module that exports {@linkcode name}. */
  readonly module?: string;
  readonly args: readonly unknown[];
}

/** The outcome of a call of the host. */
export type HostAnswer =
  & { readonly hostCall: number }
  & ({ readonly value: unknown } | { readonly thrown: Thrown });

/**
 * A message of a worker; marked with `asyncio`, as functions may post messages
 * of their own. The state is `"crashed"` if an error was thrown outside of the
 * call.
 */
export type WorkerMessage =
  & { readonly asyncio: true }
  & (
    | { readonly state: "done"; readonly value: unknown }
    | { readonly state: "failed" | "crashed"; readonly thrown: Thrown }
    | HostCall
    | { readonly state: "gives up"; readonly hostCall: number }
  );

/** A call of a function that the pool was given. */
export interface HostCall {
  readonly state: "calls host";
  readonly hostCall: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Called with the outcome of a call of the host. */
export interface HostCallEnd {
  wake(value: unknown): void;
  fail(error: unknown): void;
}

/** The key of {@linkcode CallHost} in the global scope of a worker. */
export const CALL_HOST: unique symbol = Symbol.for("asyncio.callHost") as never;

/** Calls the host; the returned function gives the call up. */
export type CallHost = (
  name: string,
  args: readonly unknown[],
  end: HostCallEnd,
) => () => void;

function program(
  post: typeof postThrown,
  remake: typeof rethrown,
  callHost: string,
): void {
  type Anything = (...args: readonly unknown[]) => unknown;
  const functions = new Map<string, Anything>();
  const hostCalls = new Map<number, HostCallEnd>();
  let port: import("node:worker_threads").MessagePort;
  let process: typeof globalThis.process;
  let lastHostCall = 0;
  let running = 0;
  let memoryWatch: ReturnType<typeof setInterval> | undefined;
  const isDeno = "Deno" in globalThis;

  function evaluated(source: string): Anything {
    try {
      return (0, eval)(`(${source})`);
    } catch (error) {
      // The text of a method is only valid inside an object.
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
      `Cannot call a function: ${job.module} exports no function ${
        JSON.stringify(job.name)
      }`,
    );
  }

  function hostAnswered(answer: HostAnswer): void {
    const end = hostCalls.get(answer.hostCall);
    hostCalls.delete(answer.hostCall);
    if ("thrown" in answer) end?.fail(remake(answer.thrown));
    else end?.wake(answer.value);
  }

  function answer(message: WorkerMessage): void {
    port.postMessage(message);
  }

  function report(state: "failed" | "crashed", thrown: unknown): void {
    post(thrown, (image) => answer({ asyncio: true, state, thrown: image }));
  }

  const call: CallHost = (name, args, end) => {
    const hostCall = ++lastHostCall;
    answer({ asyncio: true, state: "calls host", hostCall, name, args });
    hostCalls.set(hostCall, end);
    return () => {
      hostCalls.delete(hostCall);
      answer({ asyncio: true, state: "gives up", hostCall });
    };
  };

  async function run(job: Job): Promise<void> {
    running++;
    if (isDeno && memoryWatch === undefined) watchMemory();
    try {
      const found = await find(job);
      const value = await found(...job.args);
      answer({ asyncio: true, state: "done", value });
    } catch (error) {
      report("failed", error);
    } finally {
      running--;
    }
  }

  /**
   * In Deno, a function that runs out of memory after an `await` never resumes,
   * and no error is thrown. But the limit of the heap has grown then.
   */
  function watchMemory(): void {
    const { getHeapStatistics } = process.getBuiltinModule("node:v8");
    const limit = getHeapStatistics().heap_size_limit;
    memoryWatch = setInterval(() => {
      const isOut = getHeapStatistics().heap_size_limit !== limit;
      if (running > 0 && !isOut) return;
      clearInterval(memoryWatch);
      memoryWatch = undefined;
      if (!isOut) return;
      const error = new RangeError("the worker thread is out of memory");
      const code = "ERR_WORKER_OUT_OF_MEMORY"; // as the runtime's own error
      report("crashed", Object.assign(error, { code }));
    }, 100);
  }

  async function start(): Promise<void> {
    const { parentPort } = await import("node:worker_threads");
    port = parentPort!;
    process = (await import("node:process")).default;
    Object.defineProperty(globalThis, Symbol.for(callHost), { value: call });
    port.on("message", (message: Job | HostAnswer) => {
      if ("hostCall" in message) hostAnswered(message);
      else void run(message);
    });
    process.on("uncaughtException", (error) => report("crashed", error));
    process.on("unhandledRejection", (error) => report("crashed", error));
  }

  start();
}

/** The text of the program. */
export const SCRIPT: string =
  `(${program})(${postThrown}, ${rethrown}, "asyncio.callHost")`;
