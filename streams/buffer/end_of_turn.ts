/**
 * Calls at the end of the turn: when everything that is ready to run has run, and
 * before the runtime looks for I/O again. All that are planned in one turn share
 * one tick of the runtime.
 *
 * To plan one and to cancel it costs next to nothing: a connection does both for
 * each message that it answers.
 *
 * @module
 */

/**
 * How many microtasks pass before the runtime is asked for a tick, which
 * costs more than all of them: a handler that answers and reads on does so within
 * three (the read, the handler, `drain`), and cancels the call.
 */
const MICROTASKS_FIRST = 3;

/** Something that can be called at the end of the turn. */
export interface AtEndOfTurn {
  /** Only for {@linkcode planEndOfTurn} and {@linkcode cancelEndOfTurn}. */
  endOfTurn: "unplanned" | "planned" | "cancelled";
  atEndOfTurn(): void;
}

/** In the order in which they were planned; some may have been cancelled. */
let listed: AtEndOfTurn[] = [];
/** How many of them have not been cancelled. */
let due = 0;
/** How many microtasks are still to pass. */
let microtasksLeft = 0;

const settled = Promise.resolve();

export function planEndOfTurn(target: AtEndOfTurn): void {
  const before = target.endOfTurn;
  if (before === "planned") return;
  target.endOfTurn = "planned";
  due++;
  if (before === "cancelled" || listed.push(target) > 1) return; // it is listed
  microtasksLeft = MICROTASKS_FIRST;
  settled.then(afterMicrotasks);
}

/** False if it was not planned. */
export function cancelEndOfTurn(target: AtEndOfTurn): boolean {
  if (target.endOfTurn !== "planned") return false;
  target.endOfTurn = "cancelled";
  due--;
  return true;
}

/** A call by itself. */
export class EndOfTurn implements AtEndOfTurn {
  endOfTurn: AtEndOfTurn["endOfTurn"] = "unplanned";
  readonly atEndOfTurn: () => void;

  constructor(callback: () => void) {
    this.atEndOfTurn = callback;
  }

  plan(): void {
    planEndOfTurn(this);
  }

  /** False if it was not planned. */
  cancel(): boolean {
    return cancelEndOfTurn(this);
  }
}

/** Makes the calls that are due; without any, it forgets those listed. */
function settle(): void {
  const taken = listed;
  listed = [];
  for (const target of taken) {
    const isDue = target.endOfTurn === "planned";
    target.endOfTurn = "unplanned";
    if (!isDue) continue;
    due--;
    target.atEndOfTurn();
  }
}

function afterMicrotasks(): void {
  if (due === 0) settle();
  else if (--microtasksLeft > 0) settled.then(afterMicrotasks);
  // Only a tick that is asked for from within the microtasks comes after all of
  // them, and before the runtime looks for rejections that nothing handles.
  else globalThis.process.nextTick(settle);
}
