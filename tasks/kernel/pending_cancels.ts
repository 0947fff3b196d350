/** @module */

/**
 * How much there is that a wait would have to look for before it begins:
 * cancels still to be delivered, anywhere, and tests that want to hear of it.
 * At zero, which is nearly always, it need not even ask where it is.
 */
export const pendingCancels: { count: number } = { count: 0 };
