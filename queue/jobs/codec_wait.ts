/** Waits for the promises of an asynchronous codec. @module */
import { isThenable, type WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { ExternalWaiter } from "../../tasks/kernel/wait/waiter.ts";
import type { Codec } from "./codec.ts";

/** The options of {@linkcode settled}. */
export interface SettledOptions extends WaitOptions {
  /** What is waited for; the codec by default. */
  readonly what?: string;
}

class SettledWaiter<T> extends ExternalWaiter<T> {
  readonly what: string;

  constructor(promise: PromiseLike<T>, options: SettledOptions = {}) {
    super(options);
    this.what = options.what ?? "codec of Jobs";
    promise.then((value) => this.wake(value), (error) => this.fail(error));
  }
}

/**
 * Waits for what `encode` or `decode` has returned, or other work that no wait can
 * end, if that is a promise.
 *
 * **Cancel safety:** if the wait is given up, how the promise ends is ignored.
 */
export function settled<T>(
  promise: T | PromiseLike<T>,
  options?: SettledOptions,
): Promise<T> {
  if (!isThenable(promise)) return ready(promise);
  const rejection = checkpointIfCancelled(options);
  if (rejection === undefined) {
    return new SettledWaiter(promise, options).promise;
  }
  promise.then(undefined, () => {});
  return rejection;
}

/** Decodes `data`; resolves to `undefined` if it cannot be decoded. */
export async function decodedOrNothing<T>(
  codec: Codec<T>,
  data: Uint8Array,
  options?: WaitOptions,
): Promise<T | undefined> {
  let value: T | PromiseLike<T>;
  try {
    value = codec.decode(data);
  } catch {
    return undefined;
  }
  if (!isThenable(value)) return value;
  return await settled(
    (value as PromiseLike<T>).then((it): T | undefined => it, () => undefined),
    options,
  );
}
