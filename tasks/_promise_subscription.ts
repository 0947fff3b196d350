/**
 * One reaction a promise, however many waits hang on it.
 *
 * A promise keeps its reactions until it settles, and there is no way to take
 * one back: code that waits again and again for a promise that lives long, and
 * gives up each time, would pile them up.
 *
 * @module
 */
import { Future } from "./future.ts";
import { added, listOf, removed, type SmallSet } from "./kernel/small_set.ts";

/** What is told how a promise ended. */
export interface Subscriber {
  fulfilled(value: unknown): void;
  rejected(error: unknown): void;
}

/** Those who follow one promise. */
interface Subscription {
  subscribers: SmallSet<Subscriber>;
}

const subscriptions = new WeakMap<PromiseLike<unknown>, Subscription>();

/** Tells `follower` how `promise` ends, unless it is taken off before. */
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
  const source = assimilate(promise); // may call foreign code, and throw
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

/** Takes `follower` off. */
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
 * What settles as `thenable` does, and as promises do: once, later, with no
 * promise as the value, and in the context in which it was asked to. A `then`
 * that throws rejects.
 */
export function assimilate(
  thenable: PromiseLike<unknown>,
): PromiseLike<unknown> {
  const { then } = thenable;
  if (then === Promise.prototype.then) return thenable;
  if (then === Future.prototype.then) return thenable;
  return new Promise((resolve, reject) => then.call(thenable, resolve, reject));
}
