/** @module */
import type { Runnable } from "./runnable.ts";

/** Settles a promise in the next turn. */
export class Settlement<T> implements Runnable {
  readonly runsUserCode = false;
  readonly promise: Promise<T>;
  run!: () => void;

  constructor(
    settle: (
      resolve: (value: T) => void,
      reject: (error: unknown) => void,
    ) => void,
  ) {
    this.promise = new Promise<T>((resolve, reject) => {
      this.run = () => settle(resolve, reject);
    });
  }

  noteSettling(promises: Set<unknown>): void {
    promises.add(this.promise);
  }
}
