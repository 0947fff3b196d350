/** @module */
import { clearInterval, setInterval } from "node:timers";
import { currentScope } from "./kernel/context/current_scope.ts";
import { checkpointIfCancelled, ready } from "./kernel/wait/checkpoint.ts";
import { WaitQueue } from "./kernel/wait/wait_queue.ts";
import { printable } from "./kernel/watch/inspect.ts";

/**
 * Returns an iterable of the signals as they arrive. It keeps signals that
 * arrive while no call waits. It listens until a loop over it is left, it is
 * disposed, or the `run` in which it was made ends. Until then the process
 * stays alive, and these signals end no `run`.
 *
 * If a loop over it is cancelled in its wait, JavaScript does not call
 * `return`: dispose it with `using`. Outside of a `run`, nothing else ends it
 * then.
 *
 * **Cancel safety:** a `next()` that is cancelled takes no signal: the next
 * call gets it.
 *
 * @throws {InvalidStateError} The run has ended.
 * @throws {TypeError} There is no such signal, or none was named.
 *
 * @example
 * ```ts
 * import { signals } from "@asyncio/asyncio/tasks";
 *
 * using hangups = signals("SIGHUP");
 * setTimeout(() => Deno.kill(Deno.pid, "SIGHUP"), 1);
 * for await (const signal of hangups) {
 *   console.log(`reload, because of ${signal}`);
 *   break;
 * }
 * ```
 */
export function signals(
  ...names: Deno.Signal[]
): AsyncIterable<Deno.Signal> & Disposable {
  return new Signals(names);
}

class Signals
  implements AsyncIterableIterator<Deno.Signal>, Disposable, AsyncDisposable {
  readonly #names: readonly Deno.Signal[];
  /** Tells its run that it has ended; left out before that knows of it. */
  #leaveRun: (() => void) | undefined;
  readonly #waiters: WaitQueue<IteratorResult<Deno.Signal>>;
  readonly #arrived: Deno.Signal[] = [];
  readonly #stop: (() => void)[] = [];
  #closed = false;

  constructor(names: Deno.Signal[]) {
    if (names.length === 0) {
      throw new TypeError(
        "Cannot wait for signals: expected at least one, received none",
      );
    }
    this.#names = [...new Set(names)];
    this.#waiters = new WaitQueue(`signals ${names.join(", ")}`, {
      external: true,
    });
    try {
      for (const name of this.#names) {
        this.#stop.push(onOwnSignal(name, () => this.#arrive(name)));
      }
    } catch (error) {
      this[Symbol.dispose](); // stops those that listen already
      throw error;
    }
    this.#leaveRun = currentScope().loop.own(this, "wait for signals");
  }

  next(): Promise<IteratorResult<Deno.Signal>> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    const value = this.#arrived.shift();
    if (value !== undefined) return ready({ done: false, value });
    if (this.#closed) return ready({ done: true, value: undefined });
    return this.#waiters.wait();
  }

  return(): Promise<IteratorResult<Deno.Signal>> {
    this[Symbol.dispose]();
    return ready({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leaveRun?.();
    for (const stop of this.#stop) stop();
    this.#waiters.wakeAll({ done: true, value: undefined });
  }

  /** Called at the end of the run. */
  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }

  #arrive(value: Deno.Signal): void {
    if (!this.#waiters.wake({ done: false, value })) this.#arrived.push(value);
  }

  static {
    printable(Signals, (it) => ({
      signals: it.#names,
      listening: !it.#closed,
    }));
  }
}

/** The longest interval of a timer. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Calls `listener` whenever `signal` arrives, and keeps the process alive on
 * every runtime. The returned function ends this.
 */
export function onSignal(
  signal: Deno.Signal,
  listener: () => void,
): () => void {
  const stop = addListener(signal, listener);
  const timer = setInterval(() => {}, LONGEST_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    stop();
  };
}

/** How many handlers the program has for each signal. */
const ownHandlers = new Map<Deno.Signal, number>();

/** Returns whether the program handles `signal` itself: then no `run` does. */
export function hasOwnHandler(signal: Deno.Signal): boolean {
  return ownHandlers.has(signal);
}

/** Like {@linkcode onSignal}, for a handler of the program. */
export function onOwnSignal(
  signal: Deno.Signal,
  handler: () => void,
): () => void {
  const stop = onSignal(signal, handler);
  ownHandlers.set(signal, (ownHandlers.get(signal) ?? 0) + 1);
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    stop();
    const left = ownHandlers.get(signal)! - 1;
    if (left > 0) ownHandlers.set(signal, left);
    else ownHandlers.delete(signal);
  };
}

function addListener(signal: Deno.Signal, listener: () => void): () => void {
  if ("Deno" in globalThis) {
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  }
  globalThis.process.on(signal, listener);
  return () => void globalThis.process.off(signal, listener);
}
