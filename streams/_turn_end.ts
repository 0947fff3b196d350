/** @module */

/**
 * How many microtasks are let by before the runtime is asked for a tick, which
 * costs more than all of them: what is planned is mostly called off by then.
 */
const GRACE = 3;

let planned = new Set<() => void>();
let awaited = false;

const settled = Promise.resolve();

/**
 * Calls `callback` at the end of the turn: when everything that is ready to run
 * has run, and before the runtime looks for I/O again. All callbacks of one
 * turn share one tick of the runtime.
 */
export function atTurnEnd(callback: () => void): void {
  planned.add(callback);
  if (awaited) return;
  awaited = true;
  letBy(GRACE);
}

/** Calls it off. */
export function notAtTurnEnd(callback: () => void): void {
  planned.delete(callback);
}

function letBy(microtasks: number): void {
  settled.then(() => {
    if (planned.size === 0) awaited = false;
    else if (microtasks > 1) letBy(microtasks - 1);
    // Only a tick that is asked for from within the microtasks comes after all
    // of them.
    else globalThis.process.nextTick(run);
  });
}

function run(): void {
  awaited = false;
  const callbacks = planned;
  planned = new Set();
  for (const callback of callbacks) callback();
}
