/**
 * One reaction a promise, however many waits hang on it.
 *
 * A promise keeps its reactions until it settles, and there is no way to take
 * one back: code that waits again and again for a promise that lives long, and
 * gives up each time, would pile them up.
 *
 * @module
 */

/** What is told how a promise ended. */
export interface Follower {
  fulfilled(value: unknown): void;
  rejected(error: unknown): void;
}

const fans = new WeakMap<PromiseLike<unknown>, Set<Follower>>();

/** Tells `follower` how `promise` ends, unless it is taken off before. */
export function follow(
  promise: PromiseLike<unknown>,
  follower: Follower,
): void {
  const fan = fans.get(promise);
  if (fan !== undefined) {
    fan.add(follower);
    return;
  }
  const followers = new Set([follower]);
  fans.set(promise, followers);
  promise.then(
    (value) => {
      fans.delete(promise);
      for (const each of followers) each.fulfilled(value);
    },
    (error) => {
      fans.delete(promise);
      for (const each of followers) each.rejected(error);
    },
  );
}

/** Takes `follower` off. */
export function unfollow(
  promise: PromiseLike<unknown>,
  follower: Follower,
): void {
  fans.get(promise)?.delete(follower);
}
