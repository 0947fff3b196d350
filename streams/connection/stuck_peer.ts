/** @module */
import { moveOnAfter } from "../../tasks/timeout.ts";

/** A peer that takes nothing for this long is given up, if a cancel waits for it. */
export const STUCK_PEER_TIMEOUT_MS = 1000;

/** A connection that is being closed. */
export interface Closing {
  readonly isClosed: boolean;
  /** How many bytes are unsent. */
  readonly unsent: number;
  waitClosed(): Promise<void>;
  abort(): void;
}

/**
 * Waits for the close of `connection` as long as its peer goes on taking, and then
 * aborts it.
 */
export async function closedUnlessStuck(connection: Closing): Promise<void> {
  while (!connection.isClosed) {
    const before = connection.unsent;
    await moveOnAfter(STUCK_PEER_TIMEOUT_MS, () => connection.waitClosed());
    const isStuck = connection.unsent === before;
    if (!connection.isClosed && isStuck) connection.abort();
  }
}
