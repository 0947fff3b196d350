/**
 * One reaction a promise, however many waits hang on it.
 *
 * A promise keeps its reactions until it settles, and there is no way to take
 * one back: code that waits again and again for a promise that lives long, and
 * gives up each time, would pile them up.
 *
 * @module
 */

import { added, type Few, listOf, removed } from "./_few.ts";
import { trusted } from "./_trusted.ts";

/** What is told how a promise ended. */
export interface Follower {
  fulfilled(value: unknown): void;
  rejected(error: unknown): void;
}

/** Those who follow one promise. */
interface Fan {
  followers: Few<Follower>;
}

const fans = new WeakMap<PromiseLike<unknown>, Fan>();

/** Tells `follower` how `promise` ends, unless it is taken off before. */
export function follow(
  promise: PromiseLike<unknown>,
  follower: Follower,
): void {
  const known = fans.get(promise);
  if (known !== undefined) {
    known.followers = added(known.followers, follower);
    return;
  }
  const fan: Fan = { followers: follower };
  const source = trusted(promise); // may call foreign code, and throw
  fans.set(promise, fan);
  source.then(
    (value) => {
      fans.delete(promise);
      for (const each of listOf(fan.followers)) each.fulfilled(value);
    },
    (error) => {
      fans.delete(promise);
      for (const each of listOf(fan.followers)) each.rejected(error);
    },
  );
}

/** Takes `follower` off. */
export function unfollow(
  promise: PromiseLike<unknown>,
  follower: Follower,
): void {
  const fan = fans.get(promise);
  if (fan !== undefined) fan.followers = removed(fan.followers, follower);
}
