/**
 * Notes which task runs, for the thread to read while the loop is busy.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { type ObservedWait, Observer } from "../../kernel/watch/observer.ts";
import { userFrame } from "../../kernel/watch/user_frame.ts";
import type { BusyNote } from "./_busy_note.ts";

/**
 * Notes each step when it begins, as nothing can be asked while it runs. It
 * needs the text of a stack, so it is for debug mode only.
 */
export class StepNotes extends Observer {
  readonly #note: BusyNote;
  #isClearPlanned = false;

  constructor(note: BusyNote) {
    super();
    this.#note = note;
  }

  override started(task: object): void {
    this.#write(task, undefined);
  }

  override resumes({ scope: { task }, where }: ObservedWait): void {
    if (task === undefined) return;
    queueMicrotask(() => this.#write(task, where)); // just before the code
  }

  override waits(): void {
    this.#note.clear();
  }

  override ended(): void {
    this.#note.clear();
  }

  #write(task: object, where: Error | undefined): void {
    const name = `task ${JSON.stringify((task as { name: string }).name)}`;
    const frame = userFrame(where);
    this.#note.write(frame === undefined ? name : `${name}, after ${frame}`);
    if (this.#isClearPlanned) return;
    this.#isClearPlanned = true;
    setImmediate(() => {
      this.#isClearPlanned = false;
      this.#note.clear();
    });
  }
}
