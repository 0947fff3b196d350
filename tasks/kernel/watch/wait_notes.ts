/** What observers have noted of waits, beside them. @module */

/** When a wait began, and where. */
interface WaitNote {
  since: number | undefined;
  where: Error | undefined;
}

const notes = new WeakMap<object, WaitNote>();

/** What has been noted of `wait`. */
export function noteOf(wait: object): Readonly<WaitNote> | undefined {
  return notes.get(wait);
}

/** The same, to be written to. */
export function noteFor(wait: object): WaitNote {
  let note = notes.get(wait);
  if (note === undefined) {
    notes.set(wait, note = { since: undefined, where: undefined });
  }
  return note;
}
