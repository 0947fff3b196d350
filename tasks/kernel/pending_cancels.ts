/** @module */

/**
 * What a wait has to look for, counted over the whole thread. Both counts are
 * nearly always zero: a wait then does not even look up its scope.
 */
export const pendingCancels: {
  /**
   * For a wait that is about to begin: cancels that are still to be delivered,
   * and tests that observe every cancellation point.
   */
  count: number;
  /**
   * For a wait that has begun: scopes that are cancelled at their next wait.
   */
  due: number;
} = { count: 0, due: 0 };
