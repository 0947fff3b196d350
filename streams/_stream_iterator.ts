/** @module */
import type { Attempt, Intake } from "./_intake.ts";
import type { WaitOptions } from "../tasks/types.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Iterates over what `take` gives, up to the first empty one. By hand, since an async
 * generator would wait for the read that is under way before it returns.
 */
export class StreamIterator<T> implements AsyncIterator<T, undefined> {
  readonly #intake: Intake;
  readonly #attempt: Attempt<IteratorResult<T, undefined>>;
  readonly #options: WaitOptions | undefined;
  #returned = false;

  constructor(
    intake: Intake,
    take: Attempt<Uint8Array>,
    convert: (bytes: Uint8Array) => T,
    options?: WaitOptions,
  ) {
    this.#intake = intake;
    this.#options = options;
    this.#attempt = () => {
      if (this.#returned) return DONE;
      const bytes = take();
      if (bytes === undefined) return undefined;
      if (bytes.length === 0) return DONE;
      return { done: false, value: convert(bytes) };
    };
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#intake.read("StreamReader", this.#attempt, this.#options);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#returned = true;
    this.#intake.giveUp(this.#attempt, DONE);
    return Promise.resolve(DONE);
  }
}
