/**
 * One reaction for each promise, however many waits are for that promise.
 *
 * A promise keeps its reactions until it settles, and none can be removed. Code
 * that waits again and again for one long-lived promise, and gives up each
 * time, would add reactions without end.
 *
 * @module
 */
import { Future } from "./future.ts";
import { added, listOf, removed, type SmallSet } from "./kernel/small_set.ts";

/** Called when a promise has settled. */
export interface Subscriber {
  fulfilled(value: unknown): void;
  rejected(error: unknown): void;
}

/** The subscribers of one promise. */
interface Subscription {
  subscribers: SmallSet<Subscriber>;
}

const subscriptions = new WeakMap<PromiseLike<unknown>, Subscription>();

/**
 * Calls `subscriber` when `promise` has settled, until {@linkcode unsubscribe}.
 */
export function subscribe(
  promise: PromiseLike<unknown>,
  subscriber: Subscriber,
): void {
  const known = subscriptions.get(promise);
  if (known !== undefined) {
    known.subscribers = added(known.subscribers, subscriber);
    return;
  }
  const subscription: Subscription = { subscribers: subscriber };
  let source;
  try {
    source = assimilate(promise);
  } catch (error) { // of a getter: `await` rejects with it, too
    return subscriber.rejected(error);
  }
  subscriptions.set(promise, subscription);
  source.then(
    (value) => {
      subscriptions.delete(promise);
      for (const each of listOf(subscription.subscribers)) {
        each.fulfilled(value);
      }
    },
    (error) => {
      subscriptions.delete(promise);
      for (const each of listOf(subscription.subscribers)) each.rejected(error);
    },
  );
}

/** Removes `subscriber`. */
export function unsubscribe(
  promise: PromiseLike<unknown>,
  subscriber: Subscriber,
): void {
  const subscription = subscriptions.get(promise);
  if (subscription !== undefined) {
    subscription.subscribers = removed(subscription.subscribers, subscriber);
  }
}

/**
 * Returns what settles as `thenable` does, but by the rules of promises: once,
 * later, never to another promise, and in the context in which its `then` was
 * called. It rejects if the `then` of `thenable` throws.
 */
export function assimilate(
  thenable: PromiseLike<unknown>,
): PromiseLike<unknown> {
  const { then } = thenable;
  if (then === Promise.prototype.then) return thenable;
  if (then === Future.prototype.then) return thenable;
  return new Promise((resolve, reject) => then.call(thenable, resolve, reject));
}
