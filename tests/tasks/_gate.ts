/**
 * Lets a test hold a worker thread: what is shared is one number, which is 0 as
 * long as no thread has come, 1 when the thread has, and 2 when it may go on.
 */
export class Gate implements Disposable {
  readonly shared: SharedArrayBuffer = new SharedArrayBuffer(4);
  readonly #state = new Int32Array(this.shared);

  /** Waits, without blocking, until a thread is at the gate. */
  async reached(): Promise<void> {
    while (Atomics.load(this.#state, 0) === 0) {
      const { async, value } = Atomics.waitAsync(this.#state, 0, 0, 1000);
      if (async) await value;
    }
  }

  open(): void {
    Atomics.store(this.#state, 0, 2);
    Atomics.notify(this.#state, 0);
  }

  [Symbol.dispose](): void {
    this.open();
  }
}

/** For a thread: comes to the gate and blocks until it is open. */
export function pass(shared: SharedArrayBuffer): string {
  const state = new Int32Array(shared);
  Atomics.compareExchange(state, 0, 0, 1);
  Atomics.notify(state, 0);
  while (Atomics.load(state, 0) !== 2) Atomics.wait(state, 0, 1);
  return "passed";
}

/** For a thread: comes to the gate, and computes until it is open. */
export function spin(shared: SharedArrayBuffer): string {
  const state = new Int32Array(shared);
  Atomics.compareExchange(state, 0, 0, 1);
  Atomics.notify(state, 0);
  while (Atomics.load(state, 0) !== 2);
  return "spun";
}
