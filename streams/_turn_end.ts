/** @module */
import { nextTick } from "node:process";

let planned: (() => void)[] = [];

const settled = Promise.resolve();

/**
 * Calls `callback` at the end of the turn: when everything that is ready to run
 * has run, and before the runtime looks for I/O again. All callbacks of one
 * turn share one tick of the runtime.
 */
export function atTurnEnd(callback: () => void): void {
  // Only a tick that is asked for from within the microtasks comes after all of
  // them.
  if (planned.push(callback) === 1) settled.then(planTick);
}

function planTick(): void {
  nextTick(run);
}

function run(): void {
  const callbacks = planned;
  planned = [];
  for (const callback of callbacks) callback();
}
