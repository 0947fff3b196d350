/** @module */

/**
 * What a wait has to look for, anywhere in the thread. Both numbers are zero
 * nearly always: a wait then need not even ask where it is.
 */
export const pendingCancels: {
  /**
   * Before it begins: cancels that are still to be delivered, and tests that
   * want to hear of every cancellation point.
   */
  count: number;
  /** When it has begun: scopes whose cancel is due at their next wait. */
  due: number;
} = { count: 0, due: 0 };
