/** @module */
import type { BlockScope } from "../cancel/block_scope.ts";
import type { Repeated } from "../cancel/scoped_wait.ts";
import { lastReady } from "./checkpoint.ts";

/**
 * The attempts of a wait that is begun again until it succeeds. In a contest, a
 * wait that an attempt comes down to decides in the step that wakes it; its failure
 * decides nothing.
 */
export class Attempts implements Repeated {
  readonly #scope: BlockScope;
  onNext: (() => void) | undefined = undefined;

  /** @param scope The scope of the code that begins them. */
  constructor(scope: BlockScope) {
    this.#scope = scope;
    scope.repeated = this;
  }

  /** Begins the next one. */
  begin<T>(attempt: () => PromiseLike<T> | T): Promise<T> {
    const { onNext } = this;
    if (onNext === undefined) return this.#call(attempt);
    const { isNoted } = lastReady;
    lastReady.isNoted = true;
    try {
      const promise = this.#call(attempt);
      onNext();
      return promise;
    } finally {
      lastReady.isNoted = isNoted;
      lastReady.promise = undefined;
    }
  }

  #call<T>(attempt: () => PromiseLike<T> | T): Promise<T> {
    this.#scope.last = undefined;
    const promise = Promise.resolve(attempt());
    this.#scope.last = promise;
    return promise;
  }
}
