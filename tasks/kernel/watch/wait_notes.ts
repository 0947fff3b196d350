/**
 * What observers note about waits: kept apart, as most waits have no note.
 *
 * @module
 */

/** When a wait began, and where. */
interface WaitNote {
  since: number | undefined;
  where: Error | undefined;
}

const notes = new WeakMap<object, WaitNote>();

/** Returns the note about `wait`, if there is one. */
export function noteOf(wait: object): Readonly<WaitNote> | undefined {
  return notes.get(wait);
}

/** Returns the note about `wait`, to be written to. */
export function noteFor(wait: object): WaitNote {
  let note = notes.get(wait);
  if (note === undefined) {
    notes.set(wait, note = { since: undefined, where: undefined });
  }
  return note;
}
