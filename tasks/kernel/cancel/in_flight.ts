/**
 * Cancels in flight: from the rejection of a wait until its code has resumed.
 *
 * @module
 */

/** Something that is told when the code has resumed. */
export interface InFlight {
  resumed(): void;
}

const settled = Promise.resolve();
let inFlight: InFlight[] = [];

/**
 * Calls `delivery.resumed()` after as many microtasks as a rejection needs to
 * pass through a `then` to the code that awaits. Deliveries that begin in the
 * same turn of the microtask queue share them.
 */
export function callWhenResumed(delivery: InFlight): void {
  if (inFlight.push(delivery) === 1) settled.then(resumeAll);
}

function resumeAll(): void {
  const resumed = inFlight;
  inFlight = [];
  settled.then(() => {}).then(() => {
    for (const delivery of resumed) delivery.resumed();
  });
}
