/** @module */

/**
 * Decides whether a child keeps this program alive: a detached one does so only
 * while its end is waited for.
 */
export class KeepAlive {
  readonly #child: Deno.ChildProcess;
  readonly #detached: boolean;
  #waits = 0;

  constructor(child: Deno.ChildProcess, detached: boolean) {
    this.#child = child;
    this.#detached = detached;
    if (detached) child.unref();
  }

  /** Keeps this program alive until `wait` has settled. */
  during<T>(wait: Promise<T>): Promise<T> {
    if (!this.#detached) return wait;
    if (this.#waits++ === 0) this.#child.ref();
    const release = () => {
      if (--this.#waits === 0) this.#child.unref();
    };
    wait.then(release, release);
    return wait;
  }
}
