/** @module */

/**
 * How many microtasks are let by before the runtime is asked for a tick, which
 * costs more than all of them: what is planned is mostly called off by then.
 */
const MICROTASKS_FIRST = 3;

/** In the order in which they were planned; some may have been called off. */
let listed: EndOfTurn[] = [];
/** How many of them have not been called off. */
let due = 0;
/** How many microtasks are still to be let by. */
let microtasksLeft = 0;

const settled = Promise.resolve();

/**
 * A call that can be planned for the end of the turn: when everything that is
 * ready to run has run, and before the runtime looks for I/O again. All that
 * are planned in one turn share one tick of the runtime.
 *
 * To plan it and to call it off costs next to nothing: a connection does both
 * for each message that it answers.
 */
export class EndOfTurn {
  readonly #callback: () => void;
  #planned = false;
  #listed = false;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    due++;
    if (this.#listed) return;
    this.#listed = true;
    if (listed.push(this) > 1) return;
    microtasksLeft = MICROTASKS_FIRST;
    settled.then(afterMicrotasks);
  }

  /** False where it was not planned. */
  cancel(): boolean {
    if (!this.#planned) return false;
    this.#planned = false;
    due--;
    return true;
  }

  /** Makes the calls that are due; without any, it forgets who was listed. */
  static settle(this: void): void {
    const taken = listed;
    listed = [];
    for (const call of taken) {
      call.#listed = false;
      if (call.cancel()) call.#callback();
    }
  }
}

function afterMicrotasks(): void {
  if (due === 0) EndOfTurn.settle();
  else if (--microtasksLeft > 0) settled.then(afterMicrotasks);
  // Only a tick that is asked for from within the microtasks comes after all
  // of them.
  else globalThis.process.nextTick(EndOfTurn.settle);
}
