/**
 * One listener for each signal, however many waits listen to it.
 *
 * The runtime keeps listeners in an array that it searches on every addition
 * and removal, so that many waits on one signal would cost quadratic time. And
 * a listener left behind would keep its wait alive as long as the signal.
 *
 * @module
 */

/** What the abort of a signal ends. */
export interface Abortable {
  abort(reason: unknown): void;
}

class SharedListener {
  readonly #signal: AbortSignal;
  readonly targets = new Set<Abortable>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#abort);
  }

  #abort = (): void => {
    const targets = [...this.targets];
    for (const target of targets) {
      if (this.targets.has(target)) target.abort(this.#signal.reason);
    }
  };

  close(): void {
    this.#signal.removeEventListener("abort", this.#abort);
  }
}

const listeners = new WeakMap<AbortSignal, SharedListener>();

/** Calls `target.abort` when `signal` aborts, until {@linkcode unlisten}. */
export function listen(signal: AbortSignal, target: Abortable): void {
  let listener = listeners.get(signal);
  if (listener === undefined) {
    listener = new SharedListener(signal);
    listeners.set(signal, listener);
  }
  listener.targets.add(target);
}

/** Removes `target`, and the listener with the last target of the signal. */
export function unlisten(signal: AbortSignal, target: Abortable): void {
  const listener = listeners.get(signal);
  if (
    listener === undefined || !listener.targets.delete(target) ||
    listener.targets.size > 0
  ) return;
  listeners.delete(signal);
  listener.close();
}
