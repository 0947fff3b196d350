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

/** One follower, or a set of several: nearly every promise has one. */
class Fan {
  #followers: Follower | Set<Follower> | undefined = undefined;

  add(follower: Follower): void {
    const followers = this.#followers;
    if (followers === undefined) this.#followers = follower;
    else if (followers instanceof Set) followers.add(follower);
    else this.#followers = new Set([followers, follower]);
  }

  delete(follower: Follower): void {
    if (this.#followers === follower) this.#followers = undefined;
    else if (this.#followers instanceof Set) this.#followers.delete(follower);
  }

  [Symbol.iterator](): Iterator<Follower> {
    const followers = this.#followers;
    if (followers instanceof Set) return followers.values();
    return (followers === undefined ? [] : [followers]).values();
  }
}

const fans = new WeakMap<PromiseLike<unknown>, Fan>();

/** Tells `follower` how `promise` ends, unless it is taken off before. */
export function follow(
  promise: PromiseLike<unknown>,
  follower: Follower,
): void {
  const known = fans.get(promise);
  if (known !== undefined) return known.add(follower);
  const fan = new Fan();
  fan.add(follower);
  fans.set(promise, fan);
  promise.then(
    (value) => {
      fans.delete(promise);
      for (const each of fan) each.fulfilled(value);
    },
    (error) => {
      fans.delete(promise);
      for (const each of fan) each.rejected(error);
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
