/** @module */
import { DONE } from "./_attempts.ts";
import type { Attempt, Intake } from "./_intake.ts";
import type { WaitOptions } from "../tasks/types.ts";

/**
 * Iterates over what an attempt gives. By hand, since an async generator would
 * wait for the read that is under way before it returns.
 */
export class StreamIterator<T> implements AsyncIterator<T, undefined> {
  readonly #intake: Intake;
  readonly #attempt: Attempt<IteratorResult<T, undefined>>;
  readonly #options: WaitOptions | undefined;
  #returned = false;

  constructor(
    intake: Intake,
    attempt: Attempt<IteratorResult<T, undefined>>,
    options?: WaitOptions,
  ) {
    this.#intake = intake;
    this.#options = options;
    this.#attempt = () => this.#returned ? DONE : attempt();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#intake.read("StreamReader.next", this.#attempt, this.#options);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#returned = true;
    this.#intake.giveUp(this.#attempt, DONE);
    return Promise.resolve(DONE);
  }
}
