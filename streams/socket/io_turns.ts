/** @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import { sleep } from "../../tasks/sleep.ts";

/**
 * Turns in which the runtime has looked for I/O at least once, also if there is
 * always something to do: it does so every 61st.
 */
const IO_TURNS = 64;

/** Lets what leaves at once be sent: waits until `isSent`, but not for long. */
export async function untilSentAtOnce(isSent: () => boolean): Promise<void> {
  for (let turn = 0; turn < IO_TURNS && !isSent(); turn++) {
    await detached(() => sleep(0));
  }
}
