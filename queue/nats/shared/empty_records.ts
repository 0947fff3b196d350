/** @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";

/** For how long a record is left empty at least, in milliseconds. */
const KEPT = 1000;

/**
 * The records that this process has emptied. They are removed later: a server that
 * is killed may forget what it has removed, and then has an empty record instead of
 * one that is out of date. Meanwhile, most are written again.
 */
export class EmptyRecords {
  readonly #remove: (seqs: number[]) => void;
  readonly #loop = getRunningLoop();
  /** The numbers of the empty versions, by their subjects. */
  #seqs = new Map<string, number>();
  /** Those that are removed next. */
  #due = new Map<string, number>();
  #timer: TimerHandle | undefined = undefined;

  /** @param remove Removes the records with these numbers. */
  constructor(remove: (seqs: number[]) => void) {
    this.#remove = remove;
  }

  /** Notes that the record has become empty with version `seq`. */
  add(subject: string, seq: number): void {
    this.#seqs.set(subject, seq);
    this.#timer ??= this.#loop.callLater(KEPT, () => this.#sweep());
  }

  /** Notes that the record has a newer version. */
  delete(subject: string): void {
    this.#seqs.delete(subject);
    this.#due.delete(subject);
  }

  #sweep(): void {
    this.#timer = undefined;
    if (this.#due.size > 0) this.#remove([...this.#due.values()]);
    this.#due = this.#seqs;
    this.#seqs = new Map();
    if (this.#due.size === 0) return;
    this.#timer = this.#loop.callLater(KEPT, () => this.#sweep());
  }

  /** Removes all of them now. */
  close(): void {
    this.#timer?.cancel();
    const seqs = [...this.#due.values(), ...this.#seqs.values()];
    if (seqs.length > 0) this.#remove(seqs);
    this.#due.clear();
    this.#seqs.clear();
  }
}
